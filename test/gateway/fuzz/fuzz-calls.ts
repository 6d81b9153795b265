/** Calls that are right as they stand, which a fuzzed request is a change of. `model` is put in. */

const TOOL_SCHEMA = { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] };
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const FUNCTION = { name: 'look_up', description: 'Looks a word up.', parameters: TOOL_SCHEMA };

export interface ValidCall {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const chat = (more: object): ValidCall => ({
  path: '/v1/chat/completions',
  body: { max_tokens: 8, messages: [{ role: 'user', content: 'Hello' }], ...more },
});
const responses = (more: object): ValidCall => ({ path: '/v1/responses', body: { input: 'Hello', max_output_tokens: 8, ...more } });
const messages = (more: object): ValidCall => ({
  path: '/v1/messages',
  body: { max_tokens: 8, messages: [{ role: 'user', content: 'Hello' }], ...more },
});

export const VALID_CALLS: readonly ValidCall[] = [
  chat({}),
  chat({ stream: true, stream_options: { include_usage: true }, temperature: 0.5, stop: ['x'] }),
  chat({ tools: [{ type: 'function', function: FUNCTION }], tool_choice: 'required', parallel_tool_calls: false }),
  chat({
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'A word.' },
    ],
    response_format: { type: 'json_schema', json_schema: { name: 'word', schema: TOOL_SCHEMA } },
  }),
  responses({}),
  responses({
    stream: true,
    instructions: 'Be brief.',
    input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hello' }] }],
    tools: [{ type: 'function', name: 'look_up', parameters: TOOL_SCHEMA }],
  }),
  { path: '/v1/embeddings', body: { input: ['one', 'two'], encoding_format: 'float', dimensions: 4 } },
  { path: '/v1/embeddings', body: { input: [[1, 2, 3], [4]] } },
  messages({}),
  messages({ stream: true, system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }], stop_sequences: ['x'] }),
  messages({
    tools: [{ name: 'look_up', input_schema: TOOL_SCHEMA }],
    tool_choice: { type: 'any' },
    metadata: { user_id: 'someone' },
    messages: [
      { role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'look_up', input: { word: 'x' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'A word.' }] },
    ],
  }),
  { path: '/v1/messages/count_tokens', body: { messages: [{ role: 'user', content: 'Hello' }] } },
  {
    path: '/v1/requests',
    body: { endpoint: '/v1/chat/completions', body: { model: 'gpt', messages: [{ role: 'user', content: 'Hello' }] } },
  },
  { path: '/v1/batches', body: { input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' } },
];

/** Every address there is, and some that there are not. */
export const PATHS: readonly string[] = [
  ...new Set(VALID_CALLS.map(({ path }) => path)),
  '/v1/models',
  '/v1/models/gpt',
  '/v1/models/no/such',
  '/v1/requests/nobody',
  '/v1/requests/nobody/events',
  '/v1/files',
  '/v1/files/file-1',
  '/v1/files/file-1/content',
  '/v1/batches/batch_1',
  '/v1/batches/batch_1/cancel',
  '/status',
  '/metrics',
  '/healthz',
  '/readyz',
  '/openapi.json',
  '/',
  '/v1',
  '/v1/nothing',
  '/v1/messages/batches',
];
