import { NoDeploymentAvailable, RateLimitExceeded } from '../domain/errors.ts';
import type { Dispatcher } from './dispatcher.ts';
import { errorWords } from './error-words.ts';
import type { RequestRecord } from './request-record.ts';
import type { Ending } from './settlement.ts';

/** How a request ends that can never fit a limit; undefined where it can. */
export function misfitEnding(record: RequestRecord, { modelId, choice }: Dispatcher): Ending | undefined {
  const misfit = choice.misfit(record);
  if (misfit === undefined) return undefined;
  const { limiter, cost } = misfit;
  const error = new RateLimitExceeded({ requestId: record.id, modelId, limitType: limiter.type, cost, limit: limiter.largest });
  return { reason: 'rejected', error };
}

/** How a request ends that no deployment is left for. */
export function strandedEnding({ modelId, choice }: Dispatcher): Ending {
  const cooling = choice.routes.flatMap(({ id, disabledBy, stops }) =>
    disabledBy === undefined && stops.some(({ deployment }) => deployment.state === 'cooling') ? [id] : [],
  );
  const disabled = choice.routes.flatMap(({ id, disabledBy }) =>
    disabledBy === undefined ? [] : [{ id, cause: disabledBy, why: errorWords(disabledBy, id) }],
  );
  return { reason: 'error', error: new NoDeploymentAvailable(modelId, disabled, cooling) };
}
