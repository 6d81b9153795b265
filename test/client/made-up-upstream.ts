import { createHeadgate, type Headgate, type HeadgateConfigInput } from '../../src/client/index.ts';
import type { HttpTransport } from '../../src/domain/http-transport.ts';

/** What an upstream sends: JSON, or the bytes of a stream in as many chunks. */
export interface MadeUpAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly chunks?: readonly (string | Uint8Array)[];
  /** The stream goes on after its chunks, and nothing comes. */
  readonly staysOpen?: boolean;
}

export interface SentCall {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown>;
}

export interface MadeUp {
  readonly headgate: Headgate;
  readonly sent: readonly SentCall[];
  /** How many answers were left before their end. */
  readonly left: () => number;
}

/** Headgate in front of an upstream whose answers a test makes up, one after the other; the last one again and again. */
export async function madeUp(config: HeadgateConfigInput, ...answers: readonly MadeUpAnswer[]): Promise<MadeUp> {
  const sent: SentCall[] = [];
  let left = 0;
  const transport: HttpTransport = async ({ origin, path, headers, body = '{}', signal, onWritten }) => {
    onWritten();
    sent.push({ origin, path, headers, body: JSON.parse(body) });
    const { status = 200, headers: more = {}, json, chunks, staysOpen = false } = answers[sent.length - 1] ?? answers.at(-1) ?? {};
    const type = chunks ? 'text/event-stream' : 'application/json';
    async function* bytes(): AsyncGenerator<Uint8Array> {
      for (const chunk of chunks ?? [JSON.stringify(json)]) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (!staysOpen) return;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      left += 1;
    }
    return { status, headers: { 'content-type': type, ...more }, body: bytes() };
  };
  const headgate = await createHeadgate(config, { transport, env: {} });
  return { headgate, sent, left: () => left };
}

const KEY = 'sk-of-the-deployment';
export const CLAUDE = { provider: 'anthropic', baseUrl: 'https://claude.test', apiKey: KEY };
export const GPT = { provider: 'openai', baseUrl: 'https://gpt.test/v1', apiKey: KEY };
/** Speaks chat completions only. */
export const TOGETHER = { provider: 'together', baseUrl: 'https://together.test/v1', apiKey: KEY };

type Deployment = NonNullable<NonNullable<HeadgateConfigInput['models']>[string]['deployments']>[number];

/** A model `m` of one deployment that is asked once. */
export const once = (deployment: Deployment): HeadgateConfigInput => ({
  models: { m: { deployments: [deployment], retry: { maxAttempts: 1 } } },
});

/** A model `m` of these deployments, asked in turn. */
export const one = (...deployments: Deployment[]): HeadgateConfigInput => ({ models: { m: { deployments, balancer: 'round-robin' } } });

/** Events of Anthropic's streams. */
export function anthropicEvents(...events: readonly (readonly [type: string, fields?: object])[]): string {
  return events.map(([type, fields]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`).join('');
}

/** Chunks of a chat completion, with their end. */
export function chatChunks(...chunks: readonly object[]): string {
  const all = chunks.map(
    (chunk) => `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'up', ...chunk })}\n\n`,
  );
  return `${all.join('')}data: [DONE]\n\n`;
}

export const delta = (fields: object, finish: string | null = null) => ({ choices: [{ index: 0, delta: fields, finish_reason: finish }] });
