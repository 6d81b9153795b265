import type { TelemetryRecord } from '../../domain/telemetry.ts';
import type { ChosenLlm } from './chosen-llm.ts';

/** What an executor gets beside the request. */
export interface ExecutionContext {
  /** Aborts when the caller leaves, time is up or the queue is forced to stop. Pass it to the calls. */
  readonly signal: AbortSignal;
  /** Tells that the response of the last call has started, so that its limits are free earlier. */
  responseStarted(): void;
}

/** Does the requests of one type. */
export interface RequestExecutor {
  /**
   * @param req the request's data
   * @param chosenLlmIds the deployments that were chosen, in the order [embedding, llm]; empty where none was required
   * @param telemetryData the request's record; write the tokens that were used into it, they settle the limits
   * @throws LLMError for a call to a model that failed: its deployment rests, the caller gets 500 with `LLM ERROR: …`
   */
  processRequest(
    req: unknown,
    chosenLlmIds: readonly ChosenLlm[],
    telemetryData: TelemetryRecord,
    context: ExecutionContext,
  ): Promise<unknown> | unknown;
}

/** Base class of executors; any object with `processRequest` will do as well. */
export abstract class BaseRequestController implements RequestExecutor {
  abstract processRequest(
    req: unknown,
    chosenLlmIds: readonly ChosenLlm[],
    telemetryData: TelemetryRecord,
    context: ExecutionContext,
  ): Promise<unknown> | unknown;
}
