import type { Clock } from '../../domain/clock.ts';
import { requireName, requireObject } from '../check-input.ts';
import type { GuestAttempt, GuestCalls, GuestOptions } from './guest-calls.ts';
import { holdUntilContent } from './held-stream.ts';
import { errorForSdk, failureOfSdk, headersOf } from './sdk-errors.ts';
import type {
  SdkCallParams,
  SdkGenerateModel,
  SdkGenerateResult,
  SdkModelName,
  SdkResponse,
  SdkStreamModel,
  SdkStreamPart,
  SdkStreamResult,
  SdkUsage,
} from './sdk-types.ts';
import { usageReport } from './sdk-usage.ts';

/** Middleware for `wrapLanguageModel` of `ai` 6 and 7. */
export interface SdkMiddleware {
  /** At run time `v4`; the type fits what either version asks for, since what is used of the specification is the same in both. */
  readonly specificationVersion: never;
  wrapGenerate<Params extends SdkCallParams, Result extends SdkGenerateResult>(options: {
    readonly params: Params;
    readonly model: SdkGenerateModel<Params, Result>;
  }): Promise<Result>;
  wrapStream<Params extends SdkCallParams, Part extends SdkStreamPart, Result extends SdkStreamResult<Part>>(options: {
    readonly params: Params;
    readonly model: SdkStreamModel<Params, Result>;
  }): Promise<Result>;
}

/**
 * Runs the calls of wrapped models inside the engine: they wait for their model's limits, a refusal puts them back at
 * their place, and what may be tried again is tried again here, so that the SDK's own retries have nothing left to do.
 */
export function languageModelMiddleware(guests: GuestCalls, clock: Clock, options: GuestOptions = {}): SdkMiddleware {
  return {
    specificationVersion: 'v4' as never,

    wrapGenerate: ({ params, model }) =>
      inQueue(params, model, () =>
        guests.run({
          model,
          params,
          options,
          attempt: async (attempt, deliver) => {
            const { context } = attempt;
            const result = await sdkCall(attempt, clock, () => model.doGenerate({ ...params, abortSignal: context.signal }));
            observe(attempt, clock, result.response);
            settle(attempt, result.usage);
            deliver(result);
          },
        }),
      ),

    wrapStream: ({ params, model }) =>
      inQueue(params, model, () =>
        guests.run({
          model,
          params,
          options,
          attempt: async (attempt, deliver) => {
            const { context } = attempt;
            const { result, held } = await sdkCall(attempt, clock, async () => {
              const started = await model.doStream({ ...params, abortSignal: context.signal });
              observe(attempt, clock, started.response);
              return { result: started, held: await holdUntilContent(started.stream) };
            });
            deliver({ ...result, stream: held.stream });
            const { usage } = await held.ended;
            settle(attempt, usage);
          },
        }),
      ),
  };
}

async function inQueue<R>(params: SdkCallParams, model: SdkModelName, run: () => Promise<R>): Promise<R> {
  requireObject('params', params, "a call's parameters");
  requireObject('model', model, 'a language model of the AI SDK');
  requireName('model.provider', model.provider, "a provider's name");
  requireName('model.modelId', model.modelId, "a model's id");
  const { abortSignal } = params;
  abortSignal?.throwIfAborted();
  try {
    return await run();
  } catch (error) {
    if (abortSignal?.aborted) throw abortSignal.reason;
    throw errorForSdk(error);
  }
}

async function sdkCall<R>({ context, preset }: GuestAttempt, clock: Clock, call: () => PromiseLike<R>): Promise<R> {
  try {
    return await call();
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason;
    const headers = headersOf(error);
    if (headers !== undefined) context.limitsObserved(preset.readLimits(headers, clock.wallMs()), false);
    throw failureOfSdk(error, context.deploymentId, clock);
  }
}

function observe({ context, preset }: GuestAttempt, clock: Clock, response: SdkResponse | undefined): void {
  context.responseStarted(response?.headers);
  context.limitsObserved(preset.readLimits(response?.headers ?? {}, clock.wallMs()), true);
}

function settle({ context, preset, estimate }: GuestAttempt, usage: SdkUsage | undefined): void {
  const report = usageReport(usage, preset.countsCacheReads ?? true);
  if (report === undefined) return;
  context.reportUsage(report);
  estimate.used(report, preset.cost);
}
