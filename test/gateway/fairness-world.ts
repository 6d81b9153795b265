import { createHeadgate } from '../../src/client/create-headgate.ts';
import type { HttpTransport } from '../../src/domain/http-transport.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import { OPEN_GATE } from '../../src/gateway/calls/call-gate.ts';
import { CallRunner } from '../../src/gateway/calls/call-runner.ts';
import { SeededRandom, SimulatedProvider, simulateHttp } from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

const WINDOW_MS = 60_000;
const TOKENS_PER_MINUTE = 900_000;
/** The first windows show how an empty limit fills, not how one waits. */
const WARM_UP_MS = 2 * WINDOW_MS;
/** Characters of a prompt: exp of a normal distribution around this; and the tokens that an answer may have. */
const PROMPT_CHARACTERS = 2_500;
const MAX_TOKENS = [64, 128, 256, 512, 1_024] as const;

export interface Load {
  readonly seed: number;
  readonly windows: number;
  /** `false`: the gateway is not told whose call it is, so that all stand in one queue. */
  readonly fair: boolean;
  /** Calls that each tenant always has waiting or running before their start. */
  readonly backlog: readonly number[];
}

export interface Served {
  /** Of each tenant, once the windows are full: waits in ms, by call. */
  readonly waits: readonly (readonly number[])[];
  /** Of each tenant: tokens that the provider charged. */
  readonly tokens: readonly number[];
  /** What the provider accepted ÷ its limit. */
  readonly share: number;
  readonly refused: number;
}

/** A gateway's calls by tenants that always have some waiting: whenever one of a tenant's starts, the next one comes. */
export async function served({ seed, windows, fair, backlog }: Load): Promise<Served> {
  const clock = new VirtualClock();
  const random = new SeededRandom(seed);
  const provider = new SimulatedProvider({
    clock,
    seed,
    limits: [{ type: 'tpm', limit: TOKENS_PER_MINUTE, windowMs: WINDOW_MS, mechanism: 'sliding' }],
    cost: 'azure',
    countDelayMs: { min: 5, max: 200 },
    latency: { headersMs: { min: 200, max: 1_200 }, bodyMs: { min: 500, max: 8_000 } },
    maxResponseTokens: 16,
  });
  const waits = backlog.map((): number[] => []);
  const tokens = backlog.map(() => 0);
  const transport: HttpTransport = (request) => {
    const body = JSON.parse(request.body ?? '') as { user: string; max_tokens: number; messages: [{ content: string }] };
    const [tenant = 0, askedAt = 0] = body.user.split('/').map(Number);
    if (askedAt >= WARM_UP_MS) {
      waits[tenant]?.push(clock.now() - askedAt);
      tokens[tenant] = (tokens[tenant] ?? 0) + body.max_tokens + Math.ceil(body.messages[0].content.length / 4);
    }
    ask(tenant);
    request.onWritten();
    return simulateHttp(provider, request);
  };
  const deployment = { provider: 'azure', baseUrl: 'https://upstream.example/openai/v1', apiKey: 'key' };
  const rateLimiters = [{ type: 'tpm' as const, limit: TOKENS_PER_MINUTE }];
  const headgate = await createHeadgate(
    { models: { gpt: { deployments: [{ ...deployment, rateLimiters }] } } },
    { clock, transport, env: {}, random: () => random.next() },
  );
  const calls = new CallRunner({ headgate, gate: OPEN_GATE, observers: [], clock, logger: silentLogger, payloads: false });
  let asked = 0;
  const ask = (tenant: number): void => {
    const content = 'x'.repeat(Math.ceil(PROMPT_CHARACTERS * random.logNormal(0.8)));
    const body = {
      model: 'gpt',
      user: `${tenant}/${clock.now()}`,
      max_tokens: MAX_TOKENS[random.integer({ min: 0, max: MAX_TOKENS.length - 1 })] ?? 64,
      messages: [{ role: 'user', content }],
    };
    const caller = { keyId: undefined, tenant: fair ? `tenant-${tenant}` : '', isAdmin: false };
    const call = {
      requestId: `${asked++}`,
      kind: 'interactive' as const,
      caller,
      format: 'openai-chat' as const,
      body,
      receivedAt: clock.wallMs(),
    };
    // Those that are still there at the end are cut off.
    calls.run(call).catch(() => {});
  };
  for (const [tenant, waiting] of backlog.entries()) for (let call = 0; call < waiting; call++) ask(tenant);
  await clock.advance(windows * WINDOW_MS);
  const { refused, limits } = provider.stats();
  const closing = headgate.close({ force: true });
  await clock.advance(1);
  await closing;
  return { waits, tokens, share: limits[0]?.share ?? 0, refused };
}

/** Jain's index: 1 where all got the same, 1 ÷ n where one got everything. */
export function jain(amounts: readonly number[]): number {
  const sum = amounts.reduce((total, amount) => total + amount, 0);
  return sum ** 2 / (amounts.length * amounts.reduce((total, amount) => total + amount ** 2, 0));
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
