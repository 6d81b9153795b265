import { setup } from 'xstate';
import { type LimiterInput, limiterMachine } from './limiter-machine.ts';

export interface QuotaDomainContext {
  readonly domain: string;
}

export type QuotaDomainInput = QuotaDomainContext;

export type QuotaDomainEvent = { readonly type: 'LIMITER_ADDED'; readonly limiter: LimiterInput & { readonly id: string } };

const domainSetup = setup({
  types: { context: {} as QuotaDomainContext, events: {} as QuotaDomainEvent, input: {} as QuotaDomainInput },
  actors: { limiter: limiterMachine },
});

/** The limiters that several models share because the provider counts them together. */
export const quotaDomainMachine = domainSetup
  .extend({
    actions: {
      spawnLimiter: domainSetup.enqueueActions(({ event, enqueue }) => {
        const { id, ...input } = event.limiter;
        enqueue.spawnChild('limiter', { id, input });
      }),
    },
  })
  .createMachine({
    id: 'quotaDomain',
    description: 'Owns the limiters that several models share.',
    initial: 'active',
    context: ({ input }) => input,
    states: {
      active: {
        description: 'Its limiters count for every model that names the domain.',
        on: { LIMITER_ADDED: { actions: 'spawnLimiter', description: 'A model brought a limit of a type the domain did not have.' } },
      },
    },
  });
