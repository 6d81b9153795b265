import type { Clock } from '../domain/clock.ts';
import type { CostRule } from '../domain/cost-rule.ts';
import type { Processor, ProcessorContext } from '../engine/processor.ts';
import type { CallMoments, Endpoint, StreamEnding, WireAnswer, WireUsage } from '../providers/provider.ts';
import { ProviderFailure } from '../providers/provider-failure.ts';
import { sendTranslated } from '../providers/translation/send-translated.ts';
import { callersFailure } from './dispatch/callers-failure.ts';
import type { DispatchCall } from './dispatch/dispatch-types.ts';
import { translationTo } from './dispatch/translation-to.ts';
import type { Upstream } from './dispatch/upstream.ts';

/** What one attempt brought. */
export interface Delivery {
  readonly answer: WireAnswer;
  readonly deploymentId: string;
  readonly attempt: number;
  /** Monotonic, in ms. */
  readonly startedAt: number;
}

/** A call that is sent over the wire by Headgate itself. */
export interface WireWork {
  readonly kind: 'wire';
  /** Loses its body once the answer is handed out: a prompt isn't kept for as long as a stream lasts. */
  call: DispatchCall;
  /** Takes the answer as soon as it is safe to hand out: whole, or from a stream's first content event on. Called once. */
  readonly deliver: (delivery: Delivery) => void;
  /** Hears what a call used in the end. */
  readonly used: (usage: WireUsage, rule: CostRule) => void;
}

/** A call that somebody else's client sends; only its place in the limits is ours. */
export interface GuestWork {
  readonly kind: 'guest';
  /** Does one attempt; resolves when nothing of it goes on. */
  readonly run: (context: ProcessorContext) => Promise<void>;
}

export type QueuedWork = WireWork | GuestWork;

/**
 * The engine's processor for deployments: sends a call to the one that the engine chose, hands the answer out as soon as
 * no failure can be hidden any more, and lasts until the answer's stream has ended, so that its place in every limit is
 * held as long as the call runs. Once an answer is handed out, whatever breaks is final.
 * @param upstreams by deployment id; looked up at each call, so that deployments may come later
 */
export function deploymentProcessor(upstreams: ReadonlyMap<string, Upstream>, clock: Clock): Processor<QueuedWork, undefined> {
  return ({ params: work }, context) => {
    if (work.kind === 'guest') return guest(work, context);
    // First of all: what fails before it is sent must cost nothing.
    const onWritten = context.deferSend();
    const onDelivered = context.deliveryStarted;
    return sendWork({ work, upstream: chosenUpstream(upstreams, work, context), context, clock, onWritten, onDelivered });
  };
}

const NOTHING: DispatchCall['body'] = {};

/** One attempt of a wire call. */
export interface WireAttempt {
  readonly work: WireWork;
  readonly upstream: Upstream;
  readonly context: ProcessorContext;
  readonly clock: Clock;
  /** Ends the call: aborts with the context's own, and where the attempt fails beside it. Default: the context's own. */
  readonly signal?: AbortSignal;
  /** What `context.deferSend()` gave: called before the first byte leaves. */
  readonly onWritten: () => void;
  /** What `context.deliveryStarted` is; absent where whoever takes the answer says so. */
  readonly onDelivered?: (() => void) | undefined;
}

/** Where the engine sends a call; throws a `ProviderFailure` for a deployment that was closed meanwhile. */
export function chosenUpstream(upstreams: ReadonlyMap<string, Upstream>, { call }: WireWork, { deploymentId }: ProcessorContext): Upstream {
  const upstream = deploymentId === undefined ? call.upstream : upstreams.get(deploymentId);
  if (upstream !== undefined) return upstream;
  throw new ProviderFailure({
    message:
      deploymentId === undefined
        ? 'The model has limits and no deployments: its callers bring their own endpoint, by fetch() or middleware(). Give it deployments for other calls.'
        : `Deployment '${deploymentId}' was closed.`,
    code: 'no_deployment',
    retryable: false,
    failOver: true,
    deploymentId,
  });
}

async function guest(work: GuestWork, context: ProcessorContext): Promise<undefined> {
  await work.run(context);
  return undefined;
}

/** Does one attempt, as {@link deploymentProcessor} says. A single async function: its state is kept for as long as a stream lasts. */
export async function sendWork({
  work,
  upstream,
  context,
  clock,
  onWritten,
  onDelivered,
  signal = context.signal,
}: WireAttempt): Promise<undefined> {
  const { id: deploymentId } = upstream;
  const startedAt = clock.now();
  const answer = await sent({ work, upstream, context, clock, onWritten, signal });
  // Given up while the answer was on its way: nobody listens, and the endpoint has heard the signal too.
  if (signal.aborted) throw signal.reason;
  onDelivered?.();
  work.call = { ...work.call, body: NOTHING };
  const { attempt } = context;
  if (answer.kind === 'whole') {
    settle(work, upstream, answer.usage, context);
    work.deliver({ answer, deploymentId, attempt, startedAt });
    return undefined;
  }
  work.deliver({ answer, deploymentId, attempt, startedAt });
  const ending: StreamEnding = await answer.ended;
  settle(work, upstream, ending.usage, context);
  if (ending.error !== undefined) throw brokenAfterDelivery(deploymentId, ending.error.message, ending.error);
  return undefined;
}

function sent({ work: { call }, upstream, context, clock, onWritten, signal = context.signal }: WireAttempt): Promise<WireAnswer> {
  const { format, body, headers } = call;
  const wireCall = { format, body, headers, signal };
  const translation = translationTo(upstream, format);
  if (translation !== undefined) {
    const { id: deploymentId, endpoint } = upstream;
    const place = { endpoint, deploymentId, translation, wallMs: clock.wallMs() };
    return sendTranslated(place, wireCall, moments(endpoint, context, clock, onWritten));
  }
  const endpoint = upstream.endpointFor(call.auth);
  if (!endpoint.preset.formats.includes(format)) throw wrongFormat(upstream, call);
  const sending = endpoint.send(wireCall, moments(endpoint, context, clock, onWritten));
  return endpoint === upstream.endpoint ? sending : sending.catch(throwAsCallers);
}

function moments({ preset }: Endpoint, context: ProcessorContext, clock: Clock, onWritten: () => void): CallMoments {
  return {
    onWritten,
    onHeaders: ({ status, headers }) => {
      context.responseStarted(headers);
      context.limitsObserved(preset.readLimits(headers, clock.wallMs()), status < 300);
    },
  };
}

function settle(work: WireWork, upstream: Upstream, usage: WireUsage | undefined, context: ProcessorContext): void {
  if (usage === undefined) return;
  const { inputTokens, outputTokens, cachedInputTokens } = usage;
  context.reportUsage({ inputTokens, outputTokens, ...(cachedInputTokens !== undefined && { cachedInputTokens }) });
  work.used(usage, upstream.endpoint.preset.cost);
}

function throwAsCallers(error: unknown): never {
  throw callersFailure(error);
}

function wrongFormat({ id, provider, hasKey }: Upstream, { format }: DispatchCall): ProviderFailure {
  return new ProviderFailure({
    message: `Deployment '${id}': provider '${provider}' does not speak ${format}, and the call can't be translated for it${
      hasKey ? '' : ': it has no key of its own, and its caller\u2019s is for another provider. Give it an apiKey'
    }.`,
    code: 'unsupported_format',
    retryable: false,
    failOver: true,
    deploymentId: id,
  });
}

/** Some of the answer is with its reader: another attempt would say it twice. */
function brokenAfterDelivery(deploymentId: string, why: string, cause: unknown): ProviderFailure {
  const message = why.includes(deploymentId) ? why : `Deployment '${deploymentId}': the stream broke: ${why}`;
  return new ProviderFailure({
    message,
    code: 'stream_broken',
    retryable: false,
    failOver: false,
    // A deployment whose answer has no words in the caller's format works all the same.
    scope: cause instanceof ProviderFailure ? cause.scope : 'deployment',
    deploymentId,
    cause,
  });
}
