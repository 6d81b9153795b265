import { type CreateHeadgateOptions, createHeadgate, type Headgate, type HeadgateConfigInput } from '../../src/client/index.ts';
import type { HttpTransport, HttpTransportRequest } from '../../src/domain/http-transport.ts';
import { SeededRandom, SimulatedProvider, type SimulatedProviderOptions, simulateHttp } from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

export const KEY = 'sk-secret-key-of-the-deployment';

/** Headgate before simulated providers in the same process, under a virtual clock. */
export interface World {
  readonly clock: VirtualClock;
  readonly headgate: Headgate;
  /** Every request that went out, in order. */
  readonly sent: readonly HttpTransportRequest[];
  readonly provider: (host: string) => SimulatedProvider;
  /** Lets time pass until a promise settles. */
  readonly during: <T>(promise: Promise<T>) => Promise<T>;
}

type Simulated = Partial<Omit<SimulatedProviderOptions, 'clock'>>;

/** @param providers by host: whoever calls `https://<host>/…` reaches that one */
export async function world(
  config: HeadgateConfigInput,
  providers: Readonly<Record<string, Simulated>>,
  options: Partial<CreateHeadgateOptions> = {},
): Promise<World> {
  const clock = new VirtualClock();
  const seeded = new SeededRandom(1);
  const running = new Map(
    Object.entries(providers).map(([host, simulated]) => [
      host,
      new SimulatedProvider({ limits: [], countDelayMs: { min: 0, max: 0 }, ...simulated, clock }),
    ]),
  );
  const provider = (host: string): SimulatedProvider => {
    const found = running.get(host);
    if (found === undefined) throw new Error(`No provider at '${host}'.`);
    return found;
  };
  const sent: HttpTransportRequest[] = [];
  const transport: HttpTransport = (request) => {
    sent.push(request);
    request.onWritten();
    return simulateHttp(provider(new URL(request.origin).host), request);
  };
  const headgate = await createHeadgate(config, { clock, transport, env: {}, random: () => seeded.next(), ...options });
  const during = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    for (let round = 0; !settled && round < 1_000; round++) await clock.advanceUntil(() => settled);
    if (!settled) throw new Error('Nothing more happens, and the promise has not settled.');
    return promise;
  };
  return { clock, headgate, sent, provider, during };
}

export const at = (host: string, more: object = {}) => ({ provider: 'openai', baseUrl: `https://${host}/v1`, apiKey: KEY, ...more });

/** A chat call, scripted by what the simulator reads in `metadata.simulate`. */
export const chatBody = (more: Readonly<Record<string, unknown>> = {}) => ({
  model: 'gpt-4o',
  messages: [{ role: 'user', content: 'Hello there' }],
  max_tokens: 16,
  ...more,
});
