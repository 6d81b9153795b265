import { setup } from 'xstate';
import { circuitMachine } from './circuit-machine.ts';
import { type LimiterInput, limiterMachine } from './limiter-machine.ts';

/** One endpoint with one key as the inspector shows it. Never holds the key. */
export interface DeploymentContext {
  readonly deploymentId: string;
  /** Ids of all limiters its calls must pass, those of quota domains included. */
  readonly limiterIds: readonly string[];
  /** Epoch milliseconds at which it is called again. */
  readonly until: number | undefined;
  /** Code of the error that disabled it. */
  readonly reason: string | undefined;
  /** Sampled. */
  readonly inFlight: number;
}

/** At first the ids of quota domains' limiters; those of its own are added one by one. */
export type DeploymentInput = Pick<DeploymentContext, 'deploymentId' | 'limiterIds'>;

export type DeploymentEvent =
  | { readonly type: 'COOLING'; readonly until: number }
  | { readonly type: 'RECOVERED' }
  | { readonly type: 'DISABLED'; readonly until: number; readonly reason: string }
  | { readonly type: 'ENABLED' }
  | { readonly type: 'LIMITER_ADDED'; readonly limiter: LimiterInput & { readonly id: string } }
  | { readonly type: 'LIMITER_REMOVED'; readonly limiterId: string }
  | { readonly type: 'SAMPLED'; readonly inFlight: number };

const deploymentSetup = setup({
  types: { context: {} as DeploymentContext, events: {} as DeploymentEvent, input: {} as DeploymentInput },
  actors: { limiter: limiterMachine, circuit: circuitMachine },
});

/** Whether one deployment takes calls. */
export const deploymentMachine = deploymentSetup
  .extend({
    actions: {
      spawnLimiter: deploymentSetup.enqueueActions(({ event, enqueue }) => {
        if (event.type !== 'LIMITER_ADDED') return;
        const { id, ...input } = event.limiter;
        enqueue.spawnChild('limiter', { id, input });
        enqueue.assign(({ context }) => ({ limiterIds: [...context.limiterIds, id] }));
      }),
      stopLimiter: deploymentSetup.enqueueActions(({ event, enqueue }) => {
        if (event.type !== 'LIMITER_REMOVED') return;
        enqueue.stopChild(event.limiterId);
        enqueue.assign(({ context }) => ({ limiterIds: context.limiterIds.filter((id) => id !== event.limiterId) }));
      }),
      recordRest: deploymentSetup.assign(({ event }) => (event.type === 'COOLING' ? { until: event.until } : {})),
      recordDisabling: deploymentSetup.assign(({ event }) =>
        event.type === 'DISABLED' ? { until: event.until, reason: event.reason } : {},
      ),
      clear: deploymentSetup.assign({ until: undefined, reason: undefined }),
      recordSample: deploymentSetup.assign(({ event }) => (event.type === 'SAMPLED' ? { inFlight: event.inFlight } : {})),
    },
  })
  .createMachine({
    id: 'deployment',
    description: 'One place that can serve a model: an endpoint and a key.',
    initial: 'available',
    context: ({ input }) => ({ ...input, until: undefined, reason: undefined, inFlight: 0 }),
    invoke: { src: 'circuit', id: 'circuit' },
    states: {
      available: { description: 'Takes calls as far as its limits allow.' },
      cooling: {
        description: 'Its circuit is open: it failed too often and rests.',
        on: { RECOVERED: { target: 'available', actions: 'clear', description: 'A probe got through.' } },
      },
      disabled: {
        description: 'The provider does not accept its key, or wants money.',
        on: { ENABLED: { target: 'available', actions: 'clear', description: 'An hour has passed, or somebody enabled it.' } },
      },
    },
    on: {
      COOLING: { target: '.cooling', actions: 'recordRest', description: 'Too many calls failed.' },
      DISABLED: { target: '.disabled', actions: 'recordDisabling', description: 'The key was refused, or the account has no money left.' },
      LIMITER_ADDED: { actions: 'spawnLimiter', description: 'A limit was configured or learned while it runs.' },
      LIMITER_REMOVED: { actions: 'stopLimiter', description: 'A learned limit turned out to be another one.' },
      SAMPLED: { actions: 'recordSample', description: 'A sample of the counts, for whoever looks.' },
    },
  });
