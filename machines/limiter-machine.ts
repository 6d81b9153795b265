import { setup } from 'xstate';
import type { RateLimiterType } from '../src/domain/limit-types.ts';

/** One limit as the inspector shows it; the arithmetic lives in a pure object that the engine asks directly. */
export interface LimiterContext {
  readonly type: RateLimiterType;
  readonly domain: string | undefined;
  readonly limit: number;
  /** Sampled; never updated per reservation. */
  readonly usage: number;
  /** Epoch milliseconds. */
  readonly pausedUntil: number | undefined;
}

export type LimiterInput = Pick<LimiterContext, 'type' | 'domain' | 'limit'>;

export type LimiterEvent =
  | { readonly type: 'EXHAUSTED' }
  | { readonly type: 'AVAILABLE' }
  | { readonly type: 'PAUSED'; readonly until: number }
  | { readonly type: 'RESUMED' }
  | { readonly type: 'LIMIT_CHANGED'; readonly limit: number }
  | { readonly type: 'SAMPLED'; readonly usage: number };

const limiterSetup = setup({
  types: { context: {} as LimiterContext, events: {} as LimiterEvent, input: {} as LimiterInput },
});

/** The modes of one limiter. */
export const limiterMachine = limiterSetup
  .extend({
    actions: {
      recordPause: limiterSetup.assign(({ event }) => (event.type === 'PAUSED' ? { pausedUntil: event.until } : {})),
      clearPause: limiterSetup.assign({ pausedUntil: undefined }),
      recordLimit: limiterSetup.assign(({ event }) => (event.type === 'LIMIT_CHANGED' ? { limit: event.limit } : {})),
      recordSample: limiterSetup.assign(({ event }) => (event.type === 'SAMPLED' ? { usage: event.usage } : {})),
    },
  })
  .createMachine({
    id: 'limiter',
    description: 'One quantity per window, or at once, and what enforces it.',
    initial: 'open',
    context: ({ input }) => ({ ...input, usage: 0, pausedUntil: undefined }),
    states: {
      open: {
        description: 'What is next in line fits.',
        on: { EXHAUSTED: { target: 'exhausted', description: 'What is next in line does not fit until something goes.' } },
      },
      exhausted: {
        description: 'What is next in line waits for room here.',
        on: { AVAILABLE: { target: 'open', description: 'What is next in line fits again.' } },
      },
      paused: {
        description: 'The provider refused; nobody starts until the pause is over.',
        on: { RESUMED: { target: 'open', actions: 'clearPause', description: 'The pause is over.' } },
      },
    },
    on: {
      PAUSED: {
        target: '.paused',
        actions: 'recordPause',
        description: 'The provider refused a call and said, or we chose, how long to wait.',
      },
      LIMIT_CHANGED: { actions: 'recordLimit', description: 'The limit itself was changed while work is in flight.' },
      SAMPLED: { actions: 'recordSample', description: 'A sample of the usage, for whoever looks.' },
    },
  });
