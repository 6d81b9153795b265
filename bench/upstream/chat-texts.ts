/** A model's name in every body, so that nobody has to put another one there. */
export const UPSTREAM_MODEL = 'gpt-4o-mini';

const SENTENCE = 'The gate lets in as much water as the channel below it can carry, and not a drop more. ';

/** A chat of the length that applications send: instructions, some context, a question. About 1.6 kB as JSON. */
export const MESSAGES: readonly { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }[] = [
  { role: 'system', content: `You answer in one paragraph, from the notes alone. ${SENTENCE.repeat(4)}` },
  { role: 'user', content: `Notes: ${SENTENCE.repeat(8)}` },
  { role: 'assistant', content: 'I have read the notes. What would you like to know?' },
  { role: 'user', content: `How much water does the gate let in, and why? ${SENTENCE.repeat(3)}` },
];
export const MAX_TOKENS = 300;

/** A whole answer, about 1 kB, with everything that such answers have. */
export const WHOLE_ANSWER = JSON.stringify({
  id: 'chatcmpl-BvY1n2Xw3q4Z5a6b7c8d9e0f1g2h3',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: UPSTREAM_MODEL,
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: SENTENCE.repeat(5).trim(), refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    prompt_tokens: 362,
    completion_tokens: 105,
    total_tokens: 467,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  },
  service_tier: 'default',
  system_fingerprint: 'fp_560af6e559',
});

/** Rate-limit headers as OpenAI sends them, of limits that nobody meets. */
export const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  'openai-version': '2020-10-01',
  'openai-processing-ms': '412',
  'x-request-id': 'req_3f5a8e1b2c4d6f7081920a3b4c5d6e7f',
  'x-ratelimit-limit-requests': '1000000000',
  'x-ratelimit-limit-tokens': '1000000000000',
  'x-ratelimit-remaining-requests': '999999999',
  'x-ratelimit-remaining-tokens': '999999999000',
  'x-ratelimit-reset-requests': '6ms',
  'x-ratelimit-reset-tokens': '6ms',
};

const BEFORE_CONTENT =
  `data: {"id":"chatcmpl-BvY1n2Xw3q4Z5a6b7c8d9e0f1g2h3","object":"chat.completion.chunk","created":1760000000,` +
  `"model":"${UPSTREAM_MODEL}","service_tier":"default","system_fingerprint":"fp_560af6e559","choices":[{"index":0,"delta":{`;
const CONTENT = '"content":"';
const AFTER_CONTENT = '},"logprobs":null,"finish_reason":null}],"usage":null}\n\n';

export const FIRST_CHUNK = `${BEFORE_CONTENT}"role":"assistant","content":"","refusal":null${AFTER_CONTENT}`;
export const LAST_CHUNKS = `${BEFORE_CONTENT}},"logprobs":null,"finish_reason":"stop"}],"usage":null}\n\ndata: [DONE]\n\n`;

/** A chunk whose content is the moment it is sent at. */
export function chunkSentAt(microseconds: number): string {
  return `${BEFORE_CONTENT}${CONTENT}${microseconds}"${AFTER_CONTENT}`;
}

/** Calls `see` with the moment of each chunk that begins in these bytes. A chunk that lies in two reads is left out. */
export function eachMoment(bytes: Uint8Array, see: (microseconds: number) => void): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  for (let at = text.indexOf(CONTENT); at >= 0; at = text.indexOf(CONTENT, at + 1)) {
    const from = at + CONTENT.length;
    const to = text.indexOf('"', from);
    if (to > from) see(Number(text.slice(from, to)));
  }
}

/** Microseconds of a clock that all processes of a machine share. */
export function sharedMicroseconds(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
