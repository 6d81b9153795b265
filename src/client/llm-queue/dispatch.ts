import type { FailureReason } from '../../domain/request-status.ts';
import type { QueueResponse } from '../../engine/queue-response.ts';
import type { EngineQueues } from './engine-queues.ts';
import { ExecutorFailure } from './execute-job.ts';
import type { Job } from './job.ts';

/** What became of a job. */
export type JobOutcome =
  | {
      readonly status: 'completed';
      readonly result: unknown;
      readonly usage?: { readonly input: number; readonly output: number } | undefined;
    }
  | {
      readonly status: 'failed';
      readonly reason: FailureReason;
      readonly cause: Error;
      /** What its executor threw, where that is why. */
      readonly failure?: ExecutorFailure | undefined;
    };

/** Sees a job through until it has ended; rejects where the job cannot be taken in. */
export interface Dispatch {
  run(job: Job): Promise<JobOutcome>;
  /** Fails what the engine doesn't hold yet. */
  stop(error: Error): void;
}

/** By the engine alone: its queues hold the order, its limits and balancer choose. */
export class EngineDispatch implements Dispatch {
  readonly #queues: EngineQueues;

  constructor(queues: EngineQueues) {
    this.#queues = queues;
  }

  async run(job: Job): Promise<JobOutcome> {
    return outcomeOf(await this.#queues.submit(job).response);
  }

  stop(): void {
    // The engine holds everything, and fails it when it is shut down.
  }
}

export function outcomeOf(response: QueueResponse): JobOutcome {
  if (response.status === 'failed') {
    const { reason, cause } = response;
    return { status: 'failed', reason, cause, failure: cause.cause instanceof ExecutorFailure ? cause.cause : undefined };
  }
  const { inputTokensUsed: input, outputTokensUsed: output } = response;
  return { status: 'completed', result: response.result, usage: input === undefined ? undefined : { input, output: output ?? 0 } };
}
