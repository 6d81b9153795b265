import type { HttpTransport, HttpTransportRequest } from '../../src/domain/http-transport.ts';
import { createEndpoint } from '../../src/providers/endpoint.ts';
import { findPreset } from '../../src/providers/preset-registry.ts';
import type { Endpoint, EndpointOptions } from '../../src/providers/provider.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { KEY } from './endpoint-server.ts';

/** The provider's side of one call: the test says what arrives, and when. */
export class ScriptedAnswer {
  readonly request: HttpTransportRequest;
  status = 200;
  headers: Readonly<Record<string, string>> = { 'content-type': 'text/event-stream' };
  /** How often the next chunk was asked for. */
  asked = 0;
  hasLeft = false;
  #queue: (Buffer | Error | 'end')[] = [];
  #wake: () => void = () => {};

  constructor(request: HttpTransportRequest) {
    this.request = request;
    request.signal.addEventListener('abort', () => this.#add(new Error('aborted')), { once: true });
  }

  send(...texts: readonly (string | Buffer)[]): this {
    return this.#add(...texts.map((text) => Buffer.from(text)));
  }

  end(): this {
    return this.#add('end');
  }

  break(message = 'reset'): this {
    return this.#add(Object.assign(new Error(message), { code: 'ECONNRESET' }));
  }

  async *body(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        this.asked += 1;
        while (this.#queue.length === 0) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        const next = this.#queue.shift();
        if (next === 'end' || next === undefined) return;
        if (next instanceof Error) throw next;
        yield next;
      }
    } finally {
      this.hasLeft = true;
    }
  }

  #add(...items: readonly (Buffer | Error | 'end')[]): this {
    this.#queue.push(...items);
    this.#wake();
    return this;
  }
}

/** An endpoint under the virtual clock, whose provider is the test. */
export interface Stage {
  readonly clock: VirtualClock;
  readonly endpoint: Endpoint;
  readonly answers: readonly ScriptedAnswer[];
}

/** @param script says what comes at once; more can be sent later */
export function stage(script: (answer: ScriptedAnswer) => void, options: Partial<EndpointOptions> & { provider?: string } = {}): Stage {
  const clock = new VirtualClock();
  const answers: ScriptedAnswer[] = [];
  const transport: HttpTransport = async (request) => {
    const answer = new ScriptedAnswer(request);
    request.onWritten();
    answers.push(answer);
    script(answer);
    const { status, headers } = answer;
    return { status, headers, body: answer.body() };
  };
  const { provider = 'openai', ...rest } = options;
  const preset = findPreset(provider);
  const endpoint = createEndpoint(
    { deploymentId: 'one', preset, baseUrl: 'https://host.example', apiKey: KEY, model: 'upstream', ...rest },
    clock,
    transport,
  );
  return { clock, endpoint, answers };
}

export function data(value: unknown, event?: string): string {
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
}

const choice = (delta: object, finish: string | null = null): object => ({ choices: [{ index: 0, delta, finish_reason: finish }] });

export const ROLE = data(choice({ role: 'assistant', content: '' }));
export const HELLO = data(choice({ content: 'Hello' }));
export const STOP = data(choice({}, 'stop'));
export const USAGE = data({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 2 } } });
export const DONE = 'data: [DONE]\n\n';
