import fc from 'fast-check';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import type { Gateway } from '../../../src/gateway/gateway.ts';
import { startSimulator } from '../../../src/simulator/index.ts';
import { type FuzzRequest, fuzzRequests } from './fuzz-requests.ts';
import { type FuzzAnswer, faultsOf, UPSTREAM_KEY } from './fuzz-verdict.ts';

/** Whoever has no answer by then has none at all; the longest of ours waits for 50 ms. */
const HANG_MS = 20_000;
/** Event streams without an end are left after this. */
const STREAM_MS = 20;

export interface FuzzWorld {
  readonly gateway: Gateway;
  close(): Promise<void>;
}

/**
 * A gateway with a model of each protocol, and one (`tight`) whose queue is full after two calls.
 * @param database where there may be keys; default: a new one, so that nobody needs any
 */
export async function fuzzWorld(database = 'sqlite::memory:'): Promise<FuzzWorld> {
  const quick = { limits: [], countDelayMs: { min: 0, max: 0 }, apiKey: UPSTREAM_KEY };
  const openai = await startSimulator(quick);
  const anthropic = await startSimulator({ ...quick, dialect: 'anthropic' });
  const atOpenAi = { provider: 'openai', baseUrl: `${openai.url}/v1`, apiKey: UPSTREAM_KEY };
  const gateway = await createGateway(
    {
      models: {
        gpt: { deployments: [atOpenAi] },
        claude: { deployments: [{ provider: 'anthropic', baseUrl: anthropic.url, apiKey: UPSTREAM_KEY }] },
        tight: { deployments: [atOpenAi], rateLimiters: [{ type: 'rpm', limit: 1 }], maxQueueSize: 1, requestTimeoutSeconds: 0.05 },
      },
      gateway: { database },
      telemetry: { sink: 'none' },
    },
    { env: {} },
  );
  await gateway.app.ready();
  return {
    gateway,
    close: async () => {
      await gateway.close({ deadlineMs: 1_000 });
      await Promise.all([openai.close(), anthropic.close()]);
    },
  };
}

/** What became of the cases, by status. */
export class Statuses extends Map<number, number> {
  readonly count = (_request: FuzzRequest, { status }: FuzzAnswer): void => void this.set(status, (this.get(status) ?? 0) + 1);
}

/** Every request gets an answer in time, and there is nothing wrong with it. */
export function answersWell(
  { gateway }: FuzzWorld,
  seen: (request: FuzzRequest, answer: FuzzAnswer) => void,
): fc.IAsyncProperty<[FuzzRequest]> {
  return fc.asyncProperty(fuzzRequests, async (request) => {
    const answer = await inTime(inject(gateway, request));
    seen(request, answer);
    const faults = faultsOf(request, answer);
    if (faults.length > 0) throw new Error(faults.join('\n'));
  });
}

async function inject({ app }: Gateway, { method, path, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
  const {
    statusCode,
    headers: answered,
    payload,
  } = await app.inject({
    method: method as 'GET', // any method, as any client may
    url: path,
    headers: { ...headers },
    ...(body !== undefined && { payload: body }),
    ...(path.includes('/events') && { signal: AbortSignal.timeout(STREAM_MS) }),
  });
  return { status: statusCode, headers: answered, text: payload };
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${HANG_MS} ms`)), HANG_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** After all is over nothing is held: no call in a queue, none that runs. */
export function leftBehind({ gateway }: FuzzWorld): number {
  return Object.values(gateway.headgate.queues.getAllQueuesInfo()).reduce(
    (sum, { queueSize, processing }) => sum + queueSize + processing,
    0,
  );
}
