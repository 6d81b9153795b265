import { setup } from 'xstate';
import { type ModelSchedulerInput, modelSchedulerMachine } from './model-scheduler-machine.ts';
import { quotaDomainMachine } from './quota-domain-machine.ts';

export interface EngineContext {
  readonly modelIds: readonly string[];
  readonly domains: readonly string[];
}

export type EngineEvent =
  | { readonly type: 'STARTED' }
  | { readonly type: 'QUEUE_REGISTERED'; readonly queue: ModelSchedulerInput }
  | { readonly type: 'QUEUE_REMOVED'; readonly modelId: string }
  | { readonly type: 'DOMAIN_ADDED'; readonly domain: string }
  | { readonly type: 'DRAIN' }
  | { readonly type: 'STOP' };

/** Actor ids of the engine's children. */
export const childId = {
  queue: (modelId: string): string => `model:${modelId}`,
  domain: (domain: string): string => `domain:${domain}`,
};

const engineSetup = setup({
  types: { context: {} as EngineContext, events: {} as EngineEvent },
  actors: { modelScheduler: modelSchedulerMachine, quotaDomain: quotaDomainMachine },
});

/** The root: owns a scheduler per model and a quota domain per shared set of limits. */
export const engineMachine = engineSetup
  .extend({
    actions: {
      spawnScheduler: engineSetup.enqueueActions(({ event, enqueue }) => {
        if (event.type !== 'QUEUE_REGISTERED') return;
        enqueue.spawnChild('modelScheduler', { id: childId.queue(event.queue.modelId), input: event.queue });
      }),
      stopScheduler: engineSetup.stopChild(({ event }) => (event.type === 'QUEUE_REMOVED' ? childId.queue(event.modelId) : '')),
      spawnDomain: engineSetup.enqueueActions(({ event, enqueue }) => {
        if (event.type !== 'DOMAIN_ADDED') return;
        enqueue.spawnChild('quotaDomain', { id: childId.domain(event.domain), input: { domain: event.domain } });
      }),
      recordQueue: engineSetup.assign(({ context, event }) =>
        event.type === 'QUEUE_REGISTERED' ? { modelIds: [...context.modelIds, event.queue.modelId] } : {},
      ),
      forgetQueue: engineSetup.assign(({ context, event }) =>
        event.type === 'QUEUE_REMOVED' ? { modelIds: context.modelIds.filter((id) => id !== event.modelId) } : {},
      ),
      recordDomain: engineSetup.assign(({ context, event }) =>
        event.type === 'DOMAIN_ADDED' ? { domains: [...context.domains, event.domain] } : {},
      ),
    },
  })
  .createMachine({
    id: 'engine',
    description: 'Queues LLM calls, keeps every limit and uses nearly all of it.',
    initial: 'starting',
    context: { modelIds: [], domains: [] },
    states: {
      starting: {
        description: 'Made, and takes no requests yet.',
        on: { STARTED: { target: 'running', description: 'Everything the engine needs is there.' } },
      },
      running: {
        description: 'Takes requests.',
        on: {
          QUEUE_REGISTERED: { actions: ['spawnScheduler', 'recordQueue'], description: 'A model was registered.' },
          DOMAIN_ADDED: { actions: ['spawnDomain', 'recordDomain'], description: 'A limit named a quota domain for the first time.' },
          DRAIN: { target: 'draining', description: 'Shutdown: takes nothing new, finishes what it has.' },
        },
      },
      draining: { description: 'Takes nothing new; what waits and runs is finished.' },
      stopped: { type: 'final', description: 'Every caller has an answer.' },
    },
    on: {
      QUEUE_REMOVED: { actions: ['stopScheduler', 'forgetQueue'], description: 'A model was unregistered and has nothing left.' },
      STOP: { target: '.stopped', description: 'Everything has settled.' },
    },
  });
