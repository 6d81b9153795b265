import { handedIn } from '../../routes/requests.ts';
import { events, idParameter, json, jsonBody, schemaRef } from '../answers.ts';
import type { Paths, Schema } from '../document-types.ts';
import { failures } from '../errors.ts';
import { schemaOf } from '../from-zod.ts';
import { CALL_ID, FOR_TENANT, QUEUEING } from '../headers.ts';

const TAGS = ['Requests'];
const seconds: Schema = { type: 'number', minimum: 0, description: 'Seconds.' };
const tokens: Schema = { type: 'integer', minimum: 0 };

export const REQUEST_SCHEMAS: Readonly<Record<string, Schema>> = {
  Request: {
    type: 'object',
    required: ['id', 'requestId', 'createdAt', 'modelId', 'status', 'attempts'],
    properties: {
      id: { type: 'string' },
      requestId: { type: 'string', description: 'The same.' },
      createdAt: { type: 'number', description: 'Epoch milliseconds.' },
      modelId: { type: 'string' },
      status: { enum: ['pending', 'processing', 'completed', 'failed'] },
      attempts: { type: 'integer', minimum: 0 },
      metadata: { type: 'object' },
      result: { type: 'object', description: 'Once it is completed: the body of the answer.' },
      reason: { enum: ['error', 'timeout', 'cancelled', 'rejected', 'shutdown'], description: 'Once it failed.' },
      error: { type: 'string' },
      code: { type: 'string' },
      response: { type: 'object', description: 'What the provider said, where it said something: `status` and `body`.' },
      queueTime: seconds,
      processingTime: seconds,
      inputTokensUsed: tokens,
      outputTokensUsed: tokens,
      deploymentId: { type: 'string' },
    },
  },
};

const BARE: Schema = {
  type: 'object',
  description: 'A chat completion by itself.',
  required: ['model', 'messages'],
  properties: { model: { type: 'string' }, messages: { type: 'array', items: { type: 'object' } } },
};

/** Fire and forget. */
export const requestPaths: Paths = {
  '/v1/requests': {
    post: {
      operationId: 'handIn',
      tags: TAGS,
      summary: 'Hand in a call, and ask for its answer later',
      description: 'Answered once it is written down: from then on it survives restarts. Without `timeout_seconds` it has no deadline.',
      parameters: QUEUEING.filter(({ $ref }) => !$ref.endsWith('SdkTimeout')),
      requestBody: jsonBody({ anyOf: [schemaOf(handedIn), BARE] }),
      responses: {
        202: json(
          'It is kept.',
          { type: 'object', required: ['id', 'status'], properties: { id: { type: 'string' }, status: { const: 'pending' } } },
          CALL_ID,
        ),
        ...failures([400, 401, 403, 404, 408, 413, 415, 503]),
      },
    },
  },
  '/v1/requests/{id}': {
    get: {
      operationId: 'getRequest',
      tags: TAGS,
      summary: 'How a request stands, and its answer',
      parameters: [idParameter('request'), ...FOR_TENANT],
      responses: { 200: json('The request.', schemaRef('Request')), ...failures([401, 403, 404, 503]) },
    },
    delete: {
      operationId: 'cancelRequest',
      tags: TAGS,
      summary: 'Cancel a request',
      parameters: [idParameter('request'), ...FOR_TENANT],
      responses: { 200: json('The request.', schemaRef('Request')), ...failures([401, 403, 404, 409, 503]) },
    },
  },
  '/v1/requests/{id}/events': {
    get: {
      operationId: 'followRequest',
      tags: TAGS,
      summary: "A request's states as they change",
      parameters: [idParameter('request'), ...FOR_TENANT],
      responses: {
        200: events('Events named `status`, the present one first: `status`, `phase`, `attempt`, `at`. It ends after the last.'),
        ...failures([401, 403, 404, 503]),
      },
    },
  },
};
