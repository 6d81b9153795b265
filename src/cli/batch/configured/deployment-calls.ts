import { chosenUpstream, sendWork, type WireWork } from '../../../client/deployment-processor.ts';
import type { Upstream } from '../../../client/dispatch/upstream.ts';
import { RateLimitRefused } from '../../../domain/errors.ts';
import type { Processor } from '../../../index.ts';
import { firstOf } from '../../../providers/headers/header-values.ts';
import type { HttpReply } from '../../../providers/http-reply.ts';
import type { WireReply, WireUsage } from '../../../providers/provider.ts';
import { ProviderFailure } from '../../../providers/provider-failure.ts';
import { chargesRealUsage } from '../../../scheduling/estimates/charge-of.ts';
import { UsageError } from '../../usage-error.ts';
import type { BackendParts } from '../batch-backend.ts';
import { resultLine } from '../result-line.ts';
import type { BatchModel } from './batch-models.ts';
import type { DeploymentRequest } from './deployment-request.ts';
import { deploymentKey, modelKey } from './kept-limits.ts';
import type { Reachability } from './reachability.ts';
import type { UseMeter } from './use-meter.ts';

/** What the calls of a run share. */
export interface DeploymentCallParts extends BackendParts {
  readonly meter: UseMeter;
  readonly reachability: Reachability;
}

/**
 * The engine's processor for a model of a configuration: sends one request to the deployment that the engine chose and
 * writes its result line before it returns, so that a process killed at any moment repeats nothing but the calls that
 * were in flight.
 */
export function deploymentCalls(model: BatchModel, parts: DeploymentCallParts): Processor<DeploymentRequest, undefined> {
  const upstreams: ReadonlyMap<string, Upstream> = new Map(model.route.upstreams.map((upstream) => [upstream.id, upstream]));
  const ids = [...upstreams.keys()];
  return async ({ params: request }, context) => {
    const { statistics, meter, reachability } = parts;
    const { deploymentId = '' } = context;
    const keys = [deploymentKey(deploymentId), modelKey(model.id)];
    const tally = meter.tally(deploymentId);
    statistics.inFlight += 1;
    try {
      const isWritten = context.deferSend();
      const work = wireWork(parts, request, keys);
      const onWritten = (): void => {
        // Before the first byte leaves, so that no call is ever unaccounted for.
        for (const key of keys) parts.ledger.record(key, request.tokens, parts.clock.wallMs());
        meter.written(keys, request.tokens, parts.clock.now());
        tally.calls += 1;
        isWritten();
      };
      await sendWork({ work, upstream: chosenUpstream(upstreams, work, context), context, clock: parts.clock, onWritten });
      reachability.replied(deploymentId);
    } catch (error) {
      if (error instanceof UsageError) parts.control.fail(error);
      else if (error instanceof RateLimitRefused) {
        statistics.refusals += 1;
        tally.refusals += 1;
        reachability.replied(deploymentId);
      } else if (!context.signal.aborted) {
        tally.failures += 1;
        const end = error instanceof ProviderFailure ? reached(reachability, error, model.id, ids, parts.clock.now()) : undefined;
        // A fallback may still be reached.
        if (end && request.fallbacks.length === 0) parts.control.fail(end);
      }
      throw error;
    } finally {
      statistics.inFlight -= 1;
      parts.onCallEnd();
    }
    return undefined;
  };
}

function reached(
  reachability: Reachability,
  failure: ProviderFailure,
  modelId: string,
  ids: readonly string[],
  now: number,
): UsageError | undefined {
  if (failure.reply === undefined) return reachability.failed(failure, modelId, ids, now);
  reachability.replied(failure.deploymentId ?? '');
  return undefined;
}

function wireWork(parts: DeploymentCallParts, request: DeploymentRequest, keys: readonly string[]): WireWork {
  const { output, statistics, meter } = parts;
  return {
    kind: 'wire',
    call: request.call,
    used: (usage, rule) => {
      request.used(usage, rule);
      if (chargesRealUsage(rule)) correct(parts, request, usage, keys);
    },
    deliver: ({ answer, deploymentId }) => {
      // Lines that ask for a stream are refused before anything is sent.
      if (answer.kind !== 'whole') throw new UsageError(`Deployment '${deploymentId}' streamed an answer that was not to be streamed.`);
      output.write(resultLine(request.id, replyOf(answer), undefined));
      statistics.completed += 1;
      const usage = answer.usage?.estimated ? undefined : answer.usage;
      statistics.addTokens(request.tokens, usage);
      const tally = meter.tally(deploymentId);
      tally.completed += 1;
      if (usage) tally.tokens += usage.inputTokens + usage.outputTokens;
    },
  };
}

/** What a call used beyond its reservation counts too. */
function correct({ ledger, clock }: DeploymentCallParts, { tokens }: DeploymentRequest, usage: WireUsage, keys: readonly string[]): void {
  const inputTokens = Math.max(0, usage.inputTokens - tokens.inputTokens);
  const outputTokens = Math.max(0, usage.outputTokens - tokens.outputTokens);
  if (inputTokens + outputTokens === 0) return;
  for (const key of keys) ledger.correct(key, { inputTokens, outputTokens }, clock.wallMs());
}

function replyOf({ status, headers, text, json }: WireReply): HttpReply {
  return { status, headers, requestId: firstOf(headers['x-request-id']) ?? firstOf(headers['request-id']), text, json };
}
