import { textOf } from '../../domain/errors.ts';
import { isTokenCount } from '../../domain/limit-types.ts';
import { LLMException } from '../../domain/llm-errors.ts';
import { LLMError } from '../../domain/llm-queue-errors.ts';
import type { TelemetryRecord } from '../../domain/telemetry.ts';
import type { ProcessorContext, UsageReport } from '../../engine/processor.ts';
import { classifyFailure } from '../../scheduling/classify-failure.ts';
import type { ChosenLlm } from './chosen-llm.ts';
import type { Job } from './job.ts';

/** Tells the engine what an executor's failure means: final for the request, and a rest for the deployment that failed, if one did. */
export class ExecutorFailure extends Error {
  readonly retryable = false;
  readonly failOver = false;
  readonly scope: 'deployment' | 'request';
  readonly deploymentId: string | undefined;
  readonly thrown: unknown;
  /** The deployment that failed, where it was one and the error tells which. */
  readonly failed: ChosenLlm | undefined;

  constructor(thrown: unknown, failed: ChosenLlm | undefined, restAfterErrors: boolean) {
    super(textOf(thrown));
    this.name = 'ExecutorFailure';
    this.thrown = thrown;
    this.failed = failed;
    this.deploymentId = restAfterErrors ? failed?.deploymentId : undefined;
    this.scope = this.deploymentId === undefined ? 'request' : 'deployment';
  }
}

/** Whether an executor's failure is one of a call to a model; its deployment rests then. */
export function isLlmError(thrown: unknown): boolean {
  return thrown instanceof LLMError || thrown instanceof LLMException;
}

/** Which of the chosen deployments failed, by either of its ids; undefined where the error doesn't tell. */
function failedDeployment(thrown: unknown, chosen: readonly ChosenLlm[]): ChosenLlm | undefined {
  if (!isLlmError(thrown)) return undefined;
  const named = thrown instanceof LLMError ? thrown.deploymentId : (thrown as LLMException).details.deploymentId;
  if (named === undefined) return chosen.length === 1 ? chosen[0] : undefined;
  return chosen.find(({ deploymentId, uniqueModelId }) => named === deploymentId || named === uniqueModelId);
}

/** Calls a job's executor with what was chosen, keeps its record, and settles the limits with the tokens that it wrote there. */
export async function executeJob(
  job: Job,
  chosen: readonly ChosenLlm[],
  context: ProcessorContext,
  { wallMs, chooses }: { readonly wallMs: () => number; readonly chooses: boolean },
): Promise<unknown> {
  const { record } = job;
  job.onStarted();
  record.requestDequeuedAt = wallMs();
  record.deploymentName = chosen.map(({ deploymentId }) => deploymentId).join(';') || record.deploymentName;
  try {
    const result = await job.executor.processRequest(job.requestData, chosen, record, {
      signal: context.signal,
      responseStarted: () => context.responseStarted(),
    });
    const usage = usageOf(record, chosen);
    if (usage !== undefined) context.reportUsage(usage);
    return result;
  } catch (thrown) {
    // The provider asks to wait: the request returns to its place, and nobody hears of it.
    if (!isLlmError(thrown) && classifyFailure(thrown, wallMs()).kind === 'refused') throw thrown;
    throw new ExecutorFailure(thrown, failedDeployment(thrown, chosen), chooses);
  } finally {
    record.responseQueuedAt = wallMs();
  }
}

/** What an executor wrote into the record, as usage of each part; undefined where it wrote nothing. */
function usageOf(record: TelemetryRecord, chosen: readonly ChosenLlm[]): UsageReport | undefined {
  const { promptTokens, completionTokens, embeddingTokens } = record;
  const written = [promptTokens, completionTokens, embeddingTokens].filter(isTokenCount);
  if (written.length === 0) return undefined;
  const llm = { inputTokens: known(promptTokens), outputTokens: known(completionTokens) };
  const embedding = { inputTokens: known(embeddingTokens), outputTokens: 0 };
  if (chosen.length < 2) return chosen[0]?.modelType === 'embeddings' ? embedding : llm;
  return { inputTokens: llm.inputTokens + embedding.inputTokens, outputTokens: llm.outputTokens, parts: { embedding, llm } };
}

function known(tokens: number): number {
  return isTokenCount(tokens) ? tokens : 0;
}
