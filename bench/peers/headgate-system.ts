import { type ModelConfig, QueueManager, RateLimitRefused } from 'headgate';
import type { VirtualClock } from 'headgate/testing';
import type { Work } from '../simulation/work.ts';
import type { SimulatedSystem, SystemOptions } from './simulated-system.ts';

const MODEL = 'model';

/** What Headgate is told beyond the limits' sizes. */
export interface HeadgateSystemOptions extends SystemOptions {
  readonly clock: VirtualClock;
  readonly limits: NonNullable<ModelConfig['rateLimiters']>;
  /** Whether the processor hands back the provider's token usage, which settles the reservation. */
  readonly reportsUsage: boolean;
}

interface Params {
  readonly prompt: string;
  readonly max_tokens: number;
}

/** Headgate with its own estimator: it sees the text and `max_tokens`, never a number of tokens. */
export function headgateSystem({ clock, limits, call, reportsUsage }: HeadgateSystemOptions): SimulatedSystem {
  const manager = new QueueManager<Params, unknown>({ clock, historySize: 1 });
  manager.registerQueue({ modelId: MODEL, rateLimiters: limits }, async (request, context) => {
    const work = request.metadata?.['work'] as Work; // put there by submit, below
    const response = call(work, context.signal);
    const head = await response.headers;
    if (head.status === 200) context.responseStarted(head.headers);
    const outcome = await response.done;
    if (outcome.kind === 'refused') throw new RateLimitRefused({ retryAfterMs: outcome.retryAfterMs, limitType: outcome.limitType });
    return reportsUsage && outcome.kind === 'completed' ? { usage: outcome.usage } : undefined;
  });
  return {
    submit: async (work) => {
      const params = { prompt: 'x'.repeat(work.characters), max_tokens: work.maxTokens };
      const response = await manager.submitRequest({ modelId: MODEL, params, metadata: { work } });
      if (response.status === 'failed') throw response.cause;
    },
  };
}
