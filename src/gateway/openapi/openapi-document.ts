import type { JsonObject } from '../../domain/chat.ts';
import { version } from '../../domain/version.ts';
import type { Paths } from './document-types.ts';
import { ERROR_SCHEMAS } from './errors.ts';
import { ANSWER_HEADERS, REQUEST_HEADERS } from './headers.ts';
import { BATCH_SCHEMAS, batchPaths } from './paths/batches.ts';
import { FILE_SCHEMAS, filePaths } from './paths/files.ts';
import { modelCallPaths } from './paths/model-calls.ts';
import { modelPaths } from './paths/models.ts';
import { operationPaths } from './paths/operation.ts';
import { REQUEST_SCHEMAS, requestPaths } from './paths/requests.ts';
import { STATUS_SCHEMAS, statusPaths } from './paths/status.ts';

const KEYS: Readonly<Record<string, JsonObject>> = {
  bearer: { type: 'http', scheme: 'bearer' },
  xApiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
  apiKey: { type: 'apiKey', in: 'header', name: 'api-key' },
};

const paths: Paths = { ...modelCallPaths, ...modelPaths, ...requestPaths, ...filePaths, ...batchPaths, ...statusPaths, ...operationPaths };

/** Every route of the gateway as an OpenAPI 3.1 document. */
export function openApiDocument(): JsonObject {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Headgate',
      version,
      description:
        "One address that speaks OpenAI's and Anthropic's protocols. Calls wait for their turn instead of being refused; failures come in the form of the path's protocol.",
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'OpenAI', description: "OpenAI's protocol; the official SDK works with `baseURL` set to this address and `/v1`." },
      { name: 'Anthropic', description: "Anthropic's protocol; the official SDK works with `baseURL` set to this address." },
      { name: 'Requests', description: 'Fire and forget.' },
      { name: 'Files and batches', description: "OpenAI's protocol for batches." },
      { name: 'Operation', description: 'For those who run it.' },
    ],
    // The empty one: a gateway on loopback for which no key was ever made asks for none.
    security: [...Object.keys(KEYS).map((name) => ({ [name]: [] })), {}],
    paths,
    components: {
      securitySchemes: KEYS,
      parameters: REQUEST_HEADERS,
      headers: ANSWER_HEADERS,
      schemas: { ...ERROR_SCHEMAS, ...REQUEST_SCHEMAS, ...FILE_SCHEMAS, ...BATCH_SCHEMAS, ...STATUS_SCHEMAS },
    },
  };
}
