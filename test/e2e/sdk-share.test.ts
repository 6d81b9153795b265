import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHeadgate, type Headgate } from '../../src/client/index.ts';
import { KEY, SDK_DRIVERS, type SdkDriver } from './sdk-drivers.ts';
import { type SimulatorThread, simulatorThread } from './sdk-simulator.ts';

const CALLS = 500;
const WINDOW_MS = 5_000;
/** Five windows' worth: the last call starts in the fifth window. */
const LIMIT = CALLS / 5;
/** So many runs at once: more would keep two processors busy, and what they measure would be that. */
const RUNS_AT_ONCE = 4;
/** Calls that wait or run: always more than a window admits, so that it is the limit that holds them up. */
const BACKLOG = 2 * LIMIT;
/** A machine that runs other tests may keep a call waiting for longer than limits with short windows expect of a provider. */
const COUNTED_WITHIN_MS = 1_000;
const LEAST_SHARE = 0.95;
const TIMEOUT_MS = 900_000;

const providers: Record<SdkDriver['provider'], { simulator: SimulatorThread }> = {} as never;

beforeAll(async () => {
  const limits = [{ type: 'rpm', limit: LIMIT, windowMs: WINDOW_MS, mechanism: 'sliding' }] as const;
  for (const provider of ['openai', 'anthropic'] as const) {
    const cost = provider === 'openai' ? 'openai' : 'metered-output';
    providers[provider] = {
      simulator: await simulatorThread({
        limits,
        cost,
        dialect: provider,
        apiKey: KEY,
        countDelayMs: { min: 0, max: 10 },
        latency: { headersMs: { min: 10, max: 30 } },
      }),
    };
  }
});

afterAll(async () => {
  await Promise.all(Object.values(providers).map(({ simulator }) => simulator.stop()));
});

interface Run {
  readonly driver: SdkDriver;
  readonly kind: 'chat' | 'stream';
  readonly maxRetries: number | undefined;
}

describe.each([
  { retries: 'none of the SDK', maxRetries: 0 },
  { retries: "the SDK's default retries", maxRetries: undefined },
])('500 calls of each SDK with $retries', ({ maxRetries }) => {
  it(
    'all are answered, streamed or not; none is refused, and the limit is used',
    async () => {
      const runs: Run[] = SDK_DRIVERS.flatMap((driver) => (['chat', 'stream'] as const).map((kind) => ({ driver, kind, maxRetries })));
      const disturbed: Run[] = [];
      while (runs.length > 0) {
        const batch = runs.splice(0, RUNS_AT_ONCE);
        const shares = await Promise.all(batch.map((run) => shareOf(run, 1)));
        disturbed.push(...batch.filter((_, index) => (shares[index] ?? 0) < LEAST_SHARE));
      }
      for (const run of disturbed) await tryAgain(run);
    },
    TIMEOUT_MS,
  );
});

/** What keeps the machine busy meanwhile keeps calls waiting too: a run gets two more chances, alone. */
async function tryAgain(run: Run): Promise<void> {
  const shares = [await shareOf(run, 2)];
  if ((shares[0] ?? 0) < LEAST_SHARE) shares.push(await shareOf(run, 3));
  expect.soft(Math.max(...shares), `${run.driver.name}, ${run.kind}: share`).toBeGreaterThanOrEqual(LEAST_SHARE);
}

/** One run of one SDK: every call must be answered and none refused; gives the share of the limit that the provider counted. */
async function shareOf({ driver, kind, maxRetries }: Run, round: number): Promise<number> {
  const { simulator } = providers[driver.provider];
  const model = `${driver.name}-${kind}-${maxRetries ?? 'default'}-${round}`.replaceAll(/[^a-z0-9-]+/g, '-');
  const rateLimiters = [{ type: 'rpm' as const, limit: LIMIT, timePeriod: WINDOW_MS / 1000, countedWithinMs: COUNTED_WITHIN_MS }];
  const deployments = [{ provider: driver.provider, baseUrl: simulator.url, apiKey: KEY }];
  const headgate: Headgate = await createHeadgate({ models: { [model]: { rateLimiters, deployments } } });
  const calls = driver.connect(headgate, simulator.url, model, maxRetries);

  const answers: string[] = [];
  let asked = 0;
  const askOn = async (): Promise<void> => {
    while (asked < CALLS) answers.push(await calls[kind](`Question ${asked++}`));
  };
  await Promise.all(Array.from({ length: BACKLOG }, askOn));

  const { limits, refused } = await simulator.stats();
  const { accepted, share = 0 } = limits.find((each) => each.model === model) ?? {};
  const { processing, queueSize } = headgate.queues.getQueueInfo(model);
  await headgate.close();
  const answered = answers.filter((answer) => answer.length > 0).length;
  expect
    .soft({ model, answered, accepted, refused, processing, queueSize })
    .toEqual({ model, answered: CALLS, accepted: CALLS, refused: 0, processing: 0, queueSize: 0 });
  console.info(`${driver.name}, ${kind}: ${(100 * share).toFixed(1)} % of the limit`);
  return share;
}
