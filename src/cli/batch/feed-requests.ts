import type { QueueManager, QueueResponse } from '../../index.ts';
import type { IdSet } from '../../lib/id-set.ts';
import { ProviderFailure } from '../../providers/provider-failure.ts';
import { UsageError } from '../usage-error.ts';
import type { BatchBackend } from './batch-backend.ts';
import { isInvalid } from './batch-request.ts';
import type { BatchStatistics } from './batch-statistics.ts';
import { interpretLine, type LineDefaults } from './interpret-line.ts';
import type { OutputFile } from './output-file.ts';
import type { Outstanding } from './outstanding.ts';
import { pauseForOthers } from './pause-for-others.ts';
import type { PreparedRequest } from './prepared-request.ts';
import { readLines } from './read-lines.ts';
import { resultLine } from './result-line.ts';
import type { RunControl } from './run-control.ts';

/** What feeding a run takes. */
export interface FeedParts {
  readonly fd: number;
  readonly defaults: LineDefaults;
  readonly lineLimit: number | undefined;
  readonly backend: BatchBackend;
  /** Ids that an earlier run finished. */
  readonly finished: IdSet;
  readonly manager: QueueManager;
  readonly output: OutputFile;
  readonly outstanding: Outstanding;
  readonly statistics: BatchStatistics;
  readonly control: RunControl;
}

const LINES_AT_A_TIME = 2048;

/**
 * Hands the input's requests to the engine, as many at a time as may be outstanding, and resolves when the last one is
 * handed over or the run stops. Lines that are no requests become error lines here.
 */
export async function feedRequests(parts: FeedParts): Promise<void> {
  let lines = 0;
  for (const line of readLines(parts.fd)) {
    if (parts.control.isStopping || lines === parts.lineLimit) return;
    const request = interpretLine(line, parts.defaults);
    if (request === undefined) continue;
    lines += 1;
    if (isInvalid(request)) {
      parts.output.write(resultLine(request.id, undefined, { code: 'invalid_line', message: `Line ${request.line}: ${request.problem}` }));
      parts.statistics.failed += 1;
    } else if (parts.finished.has(request.id)) parts.statistics.skipped += 1;
    else {
      if (parts.outstanding.isFull) await parts.outstanding.until(() => !parts.outstanding.isFull || parts.control.isStopping);
      if (parts.control.isStopping) return;
      submit(parts, parts.backend.prepare(request), line.bytes);
    }
    if (lines % LINES_AT_A_TIME === 0) await pauseForOthers();
  }
}

function submit(parts: FeedParts, request: PreparedRequest, bytes: number): void {
  const { id, model, priority, tenant, tokens, fallbacks } = request;
  const { inputTokens, outputTokens } = tokens;
  const handle = parts.manager.submit<PreparedRequest>({
    id,
    modelId: model,
    params: request,
    priority,
    tenant,
    estimatedInputTokens: inputTokens,
    estimatedOutputTokens: outputTokens,
    failWhileCooling: (fallbacks?.length ?? 0) > 0,
  });
  parts.outstanding.add(bytes);
  handle.response
    .then((response) => settled(parts, request, response, bytes))
    .catch((error: unknown) => parts.control.fail(error instanceof UsageError ? error : new UsageError(String(error), { cause: error })))
    .finally(() => parts.outstanding.remove(bytes));
}

function settled(parts: FeedParts, request: PreparedRequest, response: QueueResponse, bytes: number): void {
  parts.statistics.attempts += response.attempts;
  parts.statistics.queueTime.add((response.queueTime ?? 0) * 1000);
  // What a stopped run leaves undone is not written, so that the next run does it.
  if (response.status !== 'failed' || response.reason === 'shutdown' || parts.control.failure) return;
  const next = parts.backend.afterFailure(request, response.cause);
  if (next instanceof UsageError) return parts.control.fail(next);
  // Counted before the first one is counted off, so that the run doesn't end between the two.
  if (next !== undefined) return parts.control.isStopping ? undefined : submit(parts, next, bytes);
  const failure = response.cause.cause instanceof ProviderFailure ? response.cause.cause : undefined;
  const error = failure ? { code: failure.code, message: failure.message } : { code: response.code, message: response.error };
  parts.output.write(resultLine(request.id, failure?.reply, error));
  parts.statistics.failed += 1;
}
