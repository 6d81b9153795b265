import { setup } from 'xstate';

export interface CircuitContext {
  /** Epoch milliseconds until which nothing is called; undefined while closed. */
  readonly openUntil: number | undefined;
}

export type CircuitEvent = { readonly type: 'OPENED'; readonly until: number } | { readonly type: 'PROBING' } | { readonly type: 'CLOSED' };

const circuitSetup = setup({ types: { context: {} as CircuitContext, events: {} as CircuitEvent } });

/** Whether calls go to a deployment that may be failing. When it opens is decided by pure code. */
export const circuitMachine = circuitSetup
  .extend({
    actions: {
      recordOpening: circuitSetup.assign(({ event }) => (event.type === 'OPENED' ? { openUntil: event.until } : {})),
      clearOpening: circuitSetup.assign({ openUntil: undefined }),
    },
  })
  .createMachine({
    id: 'circuit',
    description: 'Stops calls to a deployment that keeps failing.',
    initial: 'closed',
    context: { openUntil: undefined },
    states: {
      closed: {
        description: 'Calls go through.',
        on: { OPENED: { target: 'open', actions: 'recordOpening', description: 'Too many calls failed.' } },
      },
      open: {
        description: 'Nothing is called until the rest is over.',
        on: { PROBING: { target: 'half-open', description: 'The rest is over and one call probes.' } },
      },
      'half-open': {
        description: 'One call probes; everything else waits for its outcome.',
        on: {
          CLOSED: { target: 'closed', actions: 'clearOpening', description: 'The probe got through.' },
          OPENED: { target: 'open', actions: 'recordOpening', description: 'The probe failed too.' },
        },
      },
    },
  });
