import { fromTransition, setup } from 'xstate';
import { type DeploymentInput, deploymentMachine } from './deployment-machine.ts';
import { type LimiterInput, limiterMachine } from './limiter-machine.ts';

/** One model's queue as the inspector shows it. */
export interface ModelSchedulerContext {
  readonly modelId: string;
  /** The limiters that only this model uses; those of a quota domain belong to the domain. */
  readonly ownLimiters: readonly (LimiterInput & { readonly id: string })[];
  /** Ids of all limiters its requests must pass, the domain's included. */
  readonly limiterIds: readonly string[];
  /** Sampled. */
  readonly waiting: number;
  /** Sampled. */
  readonly processing: number;
}

export type ModelSchedulerInput = Pick<ModelSchedulerContext, 'modelId' | 'ownLimiters' | 'limiterIds'>;

export type ModelSchedulerEvent =
  | { readonly type: 'PAUSE' }
  | { readonly type: 'RESUME' }
  | { readonly type: 'DRAIN' }
  | { readonly type: 'STOP' }
  | { readonly type: 'LIMITER_ADDED'; readonly limiter: LimiterInput & { readonly id: string } }
  | { readonly type: 'DEPLOYMENT_ADDED'; readonly deployment: DeploymentInput }
  | { readonly type: 'SAMPLED'; readonly waiting: number; readonly processing: number };

/** Actor id of a scheduler's child. */
export const deploymentChildId = (deploymentId: string): string => `deployment:${deploymentId}`;

const schedulerSetup = setup({
  types: { context: {} as ModelSchedulerContext, events: {} as ModelSchedulerEvent, input: {} as ModelSchedulerInput },
  actors: {
    limiter: limiterMachine,
    deployment: deploymentMachine,
    // The engine provides the supervisor that owns the request actors.
    supervisor: fromTransition((state: undefined) => state, undefined),
  },
});

/** The modes of one model's scheduler. The order itself is decided by pure code. */
export const modelSchedulerMachine = schedulerSetup
  .extend({
    actions: {
      spawnLimiters: schedulerSetup.enqueueActions(({ context, enqueue }) => {
        for (const { id, ...input } of context.ownLimiters) enqueue.spawnChild('limiter', { id, input });
      }),
      spawnLimiter: schedulerSetup.enqueueActions(({ event, enqueue }) => {
        if (event.type !== 'LIMITER_ADDED') return;
        const { id, ...input } = event.limiter;
        enqueue.spawnChild('limiter', { id, input });
      }),
      spawnDeployment: schedulerSetup.enqueueActions(({ event, enqueue }) => {
        if (event.type !== 'DEPLOYMENT_ADDED') return;
        enqueue.spawnChild('deployment', { id: deploymentChildId(event.deployment.deploymentId), input: event.deployment });
      }),
      recordSample: schedulerSetup.assign(({ event }) =>
        event.type === 'SAMPLED' ? { waiting: event.waiting, processing: event.processing } : {},
      ),
    },
  })
  .createMachine({
    id: 'modelScheduler',
    description: 'The pending requests of one model and who may start when.',
    initial: 'accepting',
    context: ({ input }) => ({ ...input, waiting: 0, processing: 0 }),
    entry: 'spawnLimiters',
    invoke: { src: 'supervisor', id: 'requests' },
    states: {
      accepting: {
        description: 'Takes requests and starts them.',
        on: { PAUSE: { target: 'paused', description: 'Somebody paused the queue.' } },
      },
      paused: {
        description: 'Takes requests and starts none; what runs goes on.',
        on: { RESUME: { target: 'accepting', description: 'Somebody resumed the queue.' } },
      },
      draining: { description: 'Takes nothing new; what waits still starts.' },
      stopped: { type: 'final', description: 'Every request has settled.' },
    },
    on: {
      DRAIN: { target: '.draining', description: 'The queue is unregistered or the engine shuts down.' },
      STOP: { target: '.stopped', description: 'Nothing waits and nothing runs, or whatever did was failed.' },
      LIMITER_ADDED: { actions: 'spawnLimiter', description: 'A limit was added while the queue runs.' },
      DEPLOYMENT_ADDED: { actions: 'spawnDeployment', description: 'The model names a place that can serve it.' },
      SAMPLED: { actions: 'recordSample', description: 'A sample of the counts, for whoever looks.' },
    },
  });
