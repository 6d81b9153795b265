import { events, json, jsonBody } from '../answers.ts';
import type { Operation, Paths, Schema } from '../document-types.ts';
import { CALL_FAILS, failures } from '../errors.ts';
import { ANTHROPIC_CALL_HEADERS, ESTIMATED, FOR_TENANT, OPENAI_CALL_HEADERS, QUEUEING } from '../headers.ts';

const WAITS =
  'Waits for its turn in the queue of its model, up to its deadline. Fields that are not named here go to the provider as they are, and its answer comes back as it came.';
const ANSWER: Schema = { type: 'object', description: "The provider's answer, or its translation." };
const MODEL: Schema = { type: 'string', minLength: 1, description: 'A model of the configuration.' };
const STREAM: Schema = { type: 'boolean', default: false, description: 'Server-sent events instead of one answer.' };

/** One path of a face. */
interface Call {
  readonly operationId: string;
  readonly tag: 'OpenAI' | 'Anthropic';
  readonly summary: string;
  readonly docs: string;
  readonly required: readonly string[];
  readonly fields: Readonly<Record<string, Schema>>;
  readonly streams?: boolean;
}

/** Calls of models, both faces. */
export const modelCallPaths: Paths = {
  '/v1/chat/completions': {
    post: call({
      operationId: 'createChatCompletion',
      tag: 'OpenAI',
      summary: 'A chat completion',
      docs: 'https://platform.openai.com/docs/api-reference/chat/create',
      required: ['model', 'messages'],
      fields: { messages: { type: 'array', items: { type: 'object' } } },
    }),
  },
  '/v1/responses': {
    post: call({
      operationId: 'createResponse',
      tag: 'OpenAI',
      summary: 'A response',
      docs: 'https://platform.openai.com/docs/api-reference/responses/create',
      required: ['model'],
      fields: { input: { type: ['string', 'array'] } },
    }),
  },
  '/v1/embeddings': {
    post: call({
      operationId: 'createEmbedding',
      tag: 'OpenAI',
      summary: 'Embeddings',
      docs: 'https://platform.openai.com/docs/api-reference/embeddings/create',
      required: ['model', 'input'],
      fields: { input: { type: ['string', 'array'] } },
      streams: false,
    }),
  },
  '/v1/messages': {
    post: call({
      operationId: 'createMessage',
      tag: 'Anthropic',
      summary: 'A message',
      docs: 'https://docs.anthropic.com/en/api/messages',
      required: ['model', 'messages', 'max_tokens'],
      fields: { messages: { type: 'array', items: { type: 'object' } }, max_tokens: { type: 'integer', minimum: 1 } },
    }),
  },
  '/v1/messages/count_tokens': {
    post: {
      operationId: 'countTokens',
      tags: ['Anthropic'],
      summary: 'How many tokens a message has',
      description: "Asked of the model's deployment at Anthropic, beside the queue; counted here where it has none.",
      externalDocs: { url: 'https://docs.anthropic.com/en/api/messages-count-tokens' },
      parameters: FOR_TENANT,
      requestBody: jsonBody(bodyOf(['model', 'messages'], { messages: { type: 'array', items: { type: 'object' } } })),
      responses: {
        200: json(
          'The number.',
          { type: 'object', required: ['input_tokens'], properties: { input_tokens: { type: 'integer', minimum: 0 } } },
          ESTIMATED,
        ),
        ...failures([400, 401, 403, 404, 408, 413, 415, 503], 'AnthropicError'),
      },
    },
  },
};

function call({ operationId, tag, summary, docs, required, fields, streams = true }: Call): Operation {
  const headers = tag === 'OpenAI' ? OPENAI_CALL_HEADERS : ANTHROPIC_CALL_HEADERS;
  const whole = json('The answer; with `stream` its events.', ANSWER, headers);
  const content = { ...whole.content, ...(streams && events('').content) };
  return {
    operationId,
    tags: [tag],
    summary,
    description: WAITS,
    externalDocs: { url: docs },
    parameters: QUEUEING,
    requestBody: jsonBody(bodyOf(required, streams ? { ...fields, stream: STREAM } : fields)),
    responses: { 200: { ...whole, content }, ...failures(CALL_FAILS, tag === 'OpenAI' ? 'OpenAiError' : 'AnthropicError') },
  };
}

function bodyOf(required: readonly string[], fields: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', required, properties: { model: MODEL, ...fields }, additionalProperties: true };
}
