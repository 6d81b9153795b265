import type { Clock } from '../../domain/clock.ts';
import { LLMQueueException } from '../../domain/errors.ts';
import type { TokenCounts } from '../../domain/limit-types.ts';
import type { Processor, ProcessorContext } from '../../index.ts';
import { judgeReply } from '../../providers/http/judge-reply.ts';
import type { HttpReply } from '../../providers/http-reply.ts';
import { networkFailure } from '../../providers/network-failure.ts';
import type { OpenAiHttp } from '../../providers/openai-http.ts';
import { ProviderFailure } from '../../providers/provider-failure.ts';
import { verdictToError } from '../../providers/verdict-to-error.ts';
import { UsageError } from '../usage-error.ts';
import type { BatchStatistics } from './batch-statistics.ts';
import type { HopelessEndpoint } from './hopeless-endpoint.ts';
import type { LimitUseMeter } from './limit-use.ts';
import type { OutputFile } from './output-file.ts';
import type { EndpointRequest } from './prepared-request.ts';
import { resultLine } from './result-line.ts';
import type { RunControl } from './run-control.ts';
import type { SentLedger } from './sent-ledger.ts';
import { usageOf } from './usage-of.ts';

/** What the calls of a run share. */
export interface CallParts {
  readonly clock: Clock;
  readonly http: OpenAiHttp;
  readonly output: OutputFile;
  readonly ledger: SentLedger;
  readonly meter: LimitUseMeter;
  readonly statistics: BatchStatistics;
  readonly endpoint: HopelessEndpoint;
  readonly control: RunControl;
  /** Whether input and output are reserved each by itself, so that the real usage corrects them. */
  readonly settlesUsage: boolean;
  /** Called each time a call ends. */
  readonly onCallEnd: () => void;
}

/**
 * The engine's processor of a run: sends one request and writes its result line before it returns, so that a process
 * killed at any moment repeats nothing but the calls that were in flight.
 */
export function callProcessor(parts: CallParts): Processor<EndpointRequest, undefined> {
  return async ({ params: request }, context) => {
    parts.statistics.inFlight += 1;
    try {
      const reply = await send(parts, request, context);
      // Given up while the answer was on its way: the engine has decided, and may call again.
      if (context.signal.aborted) throw context.signal.reason;
      parts.endpoint.replied();
      conclude(parts, request, reply, context);
    } catch (error) {
      throw failureOf(parts, error, context);
    } finally {
      parts.statistics.inFlight -= 1;
      parts.onCallEnd();
    }
    return undefined;
  };
}

function send(parts: CallParts, request: EndpointRequest, context: ProcessorContext): Promise<HttpReply> {
  const isWritten = context.deferSend();
  return parts.http.call({
    path: request.path,
    body: request.text,
    signal: context.signal,
    onWritten: () => {
      // Before the first byte leaves, so that no call is ever unaccounted for.
      parts.ledger.record(request.model, request.tokens, parts.clock.wallMs());
      parts.meter.add(request.model, request.tokens, parts.clock.now());
      isWritten();
    },
    onHeaders: (headers) => context.responseStarted(headers),
  });
}

function conclude(parts: CallParts, request: EndpointRequest, received: HttpReply, context: ProcessorContext): void {
  const { verdict, reply } = judgeReply(received, parts.http.secret, parts.clock.wallMs());
  if (verdict.kind === 'refused') parts.statistics.refusals += 1;
  if (verdict.kind !== 'completed') throw verdictToError(verdict, { reply });
  parts.output.write(resultLine(request.id, reply, undefined));
  parts.statistics.completed += 1;
  parts.endpoint.completed();
  const usage = usageOf(received.json);
  parts.statistics.addTokens(request.tokens, usage);
  if (parts.settlesUsage && usage) settle(parts, request, usage, context);
}

/** What a call used beyond its reservation counts too. */
function settle(parts: CallParts, { model, tokens }: EndpointRequest, usage: TokenCounts, context: ProcessorContext): void {
  context.reportUsage(usage);
  const inputTokens = Math.max(0, usage.inputTokens - tokens.inputTokens);
  const outputTokens = Math.max(0, usage.outputTokens - tokens.outputTokens);
  if (inputTokens + outputTokens > 0) parts.ledger.correct(model, { inputTokens, outputTokens }, parts.clock.wallMs());
}

/** What the engine is told of a failure; the run ends where going on would be useless. */
function failureOf(parts: CallParts, error: unknown, context: ProcessorContext): unknown {
  if (error instanceof UsageError) parts.control.fail(error);
  if (error instanceof ProviderFailure && !error.retryable) {
    const end = parts.endpoint.afterFinal(error);
    if (end) parts.control.fail(end);
  }
  if (LLMQueueException.isInstance(error) || context.signal.aborted) return error;
  const failure = networkFailure(error);
  const end = parts.endpoint.afterSilence(failure, context.attempt, parts.clock.now());
  if (end) parts.control.fail(end);
  return failure;
}
