import { setup } from 'xstate';
import type { FailureReason, RequestPhase } from '../src/domain/request-status.ts';

/** Facts of one request. No params, no result: snapshots are inspected and logged. */
export interface RequestContext {
  readonly requestId: string;
  readonly modelId: string;
  readonly tenant: string;
  readonly priority: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly estimatedInputTokens: number;
  readonly estimatedOutputTokens: number;
  readonly phase: RequestPhase | undefined;
  /** Number of the present or last attempt; 0 before the first. */
  readonly attempt: number;
  readonly reason: FailureReason | undefined;
  /** Code of the error that ended it. */
  readonly code: string | undefined;
}

/** A request as it stands when its actor is made; that may be between two attempts. */
export type RequestActorInput = Omit<RequestContext, 'reason' | 'code'>;

export type RequestEvent =
  | { readonly type: 'ADMITTED'; readonly attempt: number }
  | { readonly type: 'RESPONSE_STARTED' }
  | { readonly type: 'REFUSED' }
  | { readonly type: 'RETRY_SCHEDULED' }
  | { readonly type: 'BACKOFF_ELAPSED' }
  | { readonly type: 'COMPLETED' }
  | { readonly type: 'FAILED'; readonly reason: FailureReason; readonly code: string };

/** What a finished request's actor puts out. */
export interface RequestOutput {
  readonly requestId: string;
  readonly reason: FailureReason | undefined;
  readonly code: string | undefined;
}

const requestSetup = setup({
  types: {
    context: {} as RequestContext,
    events: {} as RequestEvent,
    input: {} as RequestActorInput,
    output: {} as RequestOutput,
  },
});

/** One request: pending, processing, completed or failed. The engine runs it as a table; this chart is its only source. */
export const requestMachine = requestSetup
  .extend({
    actions: {
      recordAttempt: requestSetup.assign(({ event }) => (event.type === 'ADMITTED' ? { phase: 'calling', attempt: event.attempt } : {})),
      recordResponse: requestSetup.assign({ phase: 'responding' }),
      recordRequeue: requestSetup.assign({ phase: 'queued' }),
      recordBackoff: requestSetup.assign({ phase: 'backoff' }),
      recordCompletion: requestSetup.assign({ phase: undefined }),
      recordFailure: requestSetup.assign(({ event }) =>
        event.type === 'FAILED' ? { phase: undefined, reason: event.reason, code: event.code } : {},
      ),
    },
  })
  .createMachine({
    id: 'request',
    description: 'One unit of work for one model.',
    initial: 'pending',
    context: ({ input }) => ({ ...input, reason: undefined, code: undefined }),
    output: ({ context }) => ({ requestId: context.requestId, reason: context.reason, code: context.code }),
    states: {
      pending: {
        description: 'Waits for its turn, for room in every limit, or for a retry. Holds no slot.',
        on: {
          ADMITTED: {
            target: 'processing',
            actions: 'recordAttempt',
            description: 'Every limiter had room and the reservation is held in all of them; an attempt starts.',
          },
          BACKOFF_ELAPSED: { actions: 'recordRequeue', description: 'The wait before another attempt is over; back at its old place.' },
        },
      },
      processing: {
        description: 'An attempt is under way.',
        on: {
          RESPONSE_STARTED: { actions: 'recordResponse', description: 'Headers arrived: the provider has counted the request.' },
          REFUSED: {
            target: 'pending',
            actions: 'recordRequeue',
            description: 'The provider said 429: back to its place, no attempt used.',
          },
          RETRY_SCHEDULED: { target: 'pending', actions: 'recordBackoff', description: 'The attempt failed in a way that may pass.' },
          COMPLETED: { target: 'completed', actions: 'recordCompletion', description: 'The processor returned a result.' },
        },
      },
      completed: { type: 'final', description: 'Done, with a result.' },
      failed: { type: 'final', description: 'Done, without a result; context.reason says why.' },
    },
    on: {
      FAILED: {
        target: '.failed',
        actions: 'recordFailure',
        description: 'An error with no attempt left, a time limit, a cancellation, a rejection or a shutdown.',
      },
    },
  });
