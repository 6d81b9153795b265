import type { CallCost, RateLimiterType } from '../domain/limit-types.ts';
import type { DeploymentUnit } from './deployment-unit.ts';
import type { LimiterUnit } from './limiter-unit.ts';
import type { ModelQueue } from './model-queue.ts';
import type { RequestRecord } from './request-record.ts';
import type { Route } from './route.ts';
import type { Outlook } from './route-choice.ts';
import { failingWords, holdWords, limitWords, type Moments, moment } from './waiting-words.ts';

/**
 * What a request waits for. The limiter that has no room for it, a learned one too; `slot`: every place for concurrent calls is
 * taken; `turn`: others are ahead, the queue is paused, or its deployments take no calls; `backoff`: between two attempts; null:
 * nothing, it starts now or has started.
 */
export type WaitingFor =
  | { readonly limiter: string; readonly type: RateLimiterType; readonly domain?: string | undefined }
  | 'turn'
  | 'slot'
  | 'backoff'
  | null;

/** What a pending request waits for, as far as that is not only its turn. */
export interface WaitCause {
  readonly waitingFor: WaitingFor;
  /** Undefined: nothing but its turn. */
  readonly reason: string | undefined;
  /** When it may start if nobody is ahead, in monotonic ms; Infinity: unknown. */
  readonly at: number;
}

const UNKNOWN = Number.POSITIVE_INFINITY;
/** No route is left. */
const NOWHERE = { at: UNKNOWN, blocking: undefined, route: undefined };
/** A reason is a line, not a list. */
const MOST_NAMED = 5;

/** What a request that is pending waits for. */
export function waitCause(queue: ModelQueue, record: RequestRecord): WaitCause {
  const { dispatcher } = queue;
  const moments = momentsOf(queue);
  const { now } = moments;
  if (record.backoffAlarm !== undefined) {
    const { at } = record.backoffAlarm;
    return { waitingFor: 'backoff', reason: joined([`between two attempts until ${moment(at, moments)}`, ...failing(queue)]), at };
  }
  if (queue.paused) return { waitingFor: 'turn', reason: pausedWords(queue), at: UNKNOWN };
  const outlooks = dispatcher.choice.outlooks(record, now, dispatcher.paced);
  const [{ at, blocking, route } = NOWHERE] = outlooks;
  const closed = closedWords(queue, record, moments);
  const full = fullWords(outlooks, moments);
  if (blocking !== undefined) {
    const { type, domain } = blocking.limiter;
    const waitingFor = type === 'concurrent' ? 'slot' : { limiter: blocking.id, type, domain };
    return { waitingFor, reason: joined([...full, ...closed]), at };
  }
  if (at > now) return { waitingFor: heldBy(route, record, now), reason: joined([...closed, ...full]) ?? refusedWords(at, moments), at };
  return { waitingFor: dispatcher.queue.head() === record ? null : 'turn', reason: undefined, at };
}

/** Why the next request of a queue waits, in words; null while none does. */
export function queueWaitsFor(queue: ModelQueue): string | null {
  if (queue.waiting === 0) return null;
  const head = queue.dispatcher.queue.head();
  if (head !== undefined) return waitCause(queue, head).reason ?? null;
  return joined(['between two attempts', ...failing(queue)]) ?? null;
}

/** The deployments that a queue's requests go to. */
export function deploymentsOf({ dispatcher }: ModelQueue): DeploymentUnit[] {
  return [...new Set(dispatcher.choice.routes.flatMap(({ stops }) => stops.map(({ deployment }) => deployment)))];
}

function momentsOf({ clock }: ModelQueue): Moments {
  return { now: clock.now(), wallMs: clock.wallMs() };
}

function heldBy(route: Route | undefined, cost: CallCost, now: number): WaitingFor {
  const holds = (route?.stops ?? []).flatMap(({ deployment }) => deployment.holds(now, cost).map((hold) => ({ id: deployment.id, hold })));
  const longest = holds.reduce<(typeof holds)[number] | undefined>(
    (most, each) => (most && most.hold.at >= each.hold.at ? most : each),
    undefined,
  );
  if (longest?.hold.kind === 'learned-rate') {
    const { type } = longest.hold.rate;
    return { limiter: `${longest.id}/learned-${type}`, type };
  }
  return longest?.hold.kind === 'learning' || longest?.hold.kind === 'slowed' ? 'slot' : 'turn';
}

/** The limit that lets each route wait longest, where one does; one that several share is told once. */
function fullWords(outlooks: readonly Outlook[], moments: Moments): string[] {
  const earliest = new Map<LimiterUnit, number>();
  for (const { blocking, at } of outlooks) if (blocking !== undefined && !earliest.has(blocking)) earliest.set(blocking, at);
  return [...earliest].map(([unit, at]) => limitWords(unit, at, moments));
}

/** What keeps each deployment from taking calls, where something does. */
function closedWords(queue: ModelQueue, cost: CallCost, moments: Moments): string[] {
  return deploymentsOf(queue).flatMap((deployment) => {
    const [longest] = deployment.holds(moments.now, cost);
    return longest === undefined ? [] : [holdWords(deployment, longest, moments)];
  });
}

function failing(queue: ModelQueue): string[] {
  return deploymentsOf(queue).flatMap((deployment) => failingWords(deployment) ?? []);
}

function refusedWords(at: number, moments: Moments): string {
  return at === UNKNOWN ? 'the end of a call' : `the provider refused; nothing starts until ${moment(at, moments)}`;
}

function pausedWords({ modelId }: ModelQueue): string {
  return `the queue of model '${modelId}' is paused`;
}

function joined(words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined;
  const more = words.length > MOST_NAMED ? [`and ${words.length - MOST_NAMED} more`] : [];
  return [...words.slice(0, MOST_NAMED), ...more].join('; ');
}
