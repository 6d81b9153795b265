import {
  type EngineEvent,
  type ModelConfig,
  type Processor,
  type ProcessorContext,
  QueueManager,
  type QueueManagerOptions,
  type QueueRequest,
  type RequestHandle,
  type RequestInput,
  type StatusChange,
} from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

export const MODEL = 'model-a';

/** One call of the processor, answered by the test. */
export interface Call {
  readonly request: QueueRequest;
  readonly context: ProcessorContext;
  readonly resolve: (result?: unknown) => void;
  readonly reject: (error?: unknown) => void;
}

/** A processor whose calls stay open until the test answers them. */
export class Calls {
  readonly all: Call[] = [];

  readonly processor: Processor = (request, context) =>
    new Promise((resolve, reject) => {
      this.all.push({ request, context, resolve, reject });
    });

  get last(): Call {
    return this.at(this.all.length - 1);
  }

  at(index: number): Call {
    const call = this.all[index];
    if (call === undefined) throw new Error(`Only ${this.all.length} calls were made.`);
    return call;
  }

  get ids(): string[] {
    return this.all.map(({ request }) => request.id);
  }
}

export interface Bench {
  readonly clock: VirtualClock;
  readonly manager: QueueManager;
  readonly calls: Calls;
  readonly events: EngineEvent[];
  readonly submit: (input?: Partial<RequestInput>) => RequestHandle;
}

/** A manager on a virtual clock with one model, {@link MODEL}; by default its calls wait for the test. */
export function bench(config: Partial<ModelConfig> = {}, processor?: Processor, options: QueueManagerOptions = {}): Bench {
  const clock = new VirtualClock();
  const manager = new QueueManager({ clock, random: () => 0.5, ...options });
  const calls = new Calls();
  const events: EngineEvent[] = [];
  manager.events$.subscribe((event) => events.push(event));
  const limits = config.rateLimiters === undefined && config.rateLimit === undefined ? UNLIMITED : {};
  manager.registerQueue({ modelId: MODEL, ...limits, ...config }, processor ?? calls.processor);
  const submit = (input: Partial<RequestInput> = {}): RequestHandle => manager.submit({ modelId: MODEL, ...numbered(), ...input });
  return { clock, manager, calls, events, submit };
}

export const UNLIMITED = { rateLimiters: [{ type: 'concurrent', limit: 1_000_000 }] } satisfies Partial<ModelConfig>;
export const ONE_AT_ONCE = { rateLimiters: [{ type: 'concurrent', limit: 1 }] } satisfies Partial<ModelConfig>;

/** Requests of a test that don't care about tokens cost one. */
const SMALL = { estimatedInputTokens: 1, estimatedOutputTokens: 0 };

let count = 0;

/** Ids that tell tests' requests apart: a constant `random` would make one id for all. */
function numbered(): Partial<RequestInput> {
  return { id: `request-${++count}`, ...SMALL };
}

/** Collects what `status$` tells, and whether it completed. */
export function watch(handle: RequestHandle): { readonly seen: StatusChange[]; readonly statuses: string[]; readonly ended: boolean } {
  const seen: StatusChange[] = [];
  let ended = false;
  handle.status$.subscribe({
    next: (change) => seen.push(change),
    complete: () => {
      ended = true;
    },
  });
  return {
    seen,
    get statuses() {
      return seen.map(({ status }) => status);
    },
    get ended() {
      return ended;
    },
  };
}

/** What a synchronous call throws. */
export function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown.');
}

export function retryable(message = 'try again'): Error {
  return Object.assign(new Error(message), { retryable: true });
}
