import type { RequestActorInput, RequestEvent } from '../../machines/request-machine.ts';
import type { CallCost, PartCost, TokenCounts } from '../domain/limit-types.ts';
import type { RequestPhase, RequestStatus } from '../domain/request-status.ts';
import type { Alarm } from '../lib/alarms.ts';
import type { QueueEntry } from '../scheduling/fair-queue.ts';
import type { Attempt } from './attempt.ts';
import type { QueueRequest } from './queue-request.ts';
import type { SettledResponse } from './queue-response.ts';
import type { Route } from './route.ts';
import { type StatusChange, StatusFeed } from './status-feed.ts';
import { detachedRequestActor, type RequestActor } from './supervisor.ts';

/** Where each event of the chart leads; known before the actor is told, since whoever watches the actor may act at once. */
const STATUS_AFTER = {
  ADMITTED: 'processing',
  RESPONSE_STARTED: 'processing',
  REFUSED: 'pending',
  RETRY_SCHEDULED: 'pending',
  BACKOFF_ELAPSED: 'pending',
  COMPLETED: 'completed',
  FAILED: 'failed',
} as const satisfies Record<RequestEvent['type'], RequestStatus>;

/** Where a request has failed so far. */
interface Failures {
  /** Failed it in this round; tried again only where there is nothing else. */
  readonly tried: Set<Route>;
  /** Would fail it again. */
  readonly barred: Set<Route>;
  /** Rounds that are over: each ended with a backoff. */
  rounds: number;
}

/** What a record needs of the queue it belongs to. */
export interface RecordOwner {
  spawn(input: RequestActorInput): RequestActor;
  cancel(record: RequestRecord, reason: unknown): boolean;
  wallMs(): number;
  post(deliver: () => void): void;
}

/** A call that several requests wait for. */
export interface SharedCall {
  /** The record that stands in line and holds the attempt. */
  leader: RequestRecord;
  /** Everybody who waits for it, the leader included. */
  readonly sharers: Set<RequestRecord>;
}

/**
 * One live request. While it is pending this record is the input its actor would have: the actor is made when the
 * request leaves pending, or as soon as anyone looks, and from then on it holds the status.
 */
export class RequestRecord implements QueueEntry, CallCost {
  heapIndex = -1;
  key: number;
  seq: number;
  readonly request: QueueRequest;
  readonly owner: RecordOwner;
  readonly inputTokens: number;
  readonly outputTokens: number;
  phase: RequestPhase | undefined = 'queued';
  /** Attempts used up or under way; refused ones don't count. */
  attempts = 0;
  /** Monotonic time at which it last became pending. */
  pendingSince: number;
  /** Milliseconds it was pending before that. */
  waitedMs = 0;
  /** Epoch milliseconds of the last change of status, once there was one. */
  changedAt: number | undefined = undefined;
  attempt: Attempt<RequestRecord> | undefined = undefined;
  response: SettledResponse | undefined = undefined;
  used: TokenCounts | undefined = undefined;
  waitAlarm: Alarm | undefined = undefined;
  deadlineAlarm: Alarm | undefined = undefined;
  backoffAlarm: Alarm | undefined = undefined;
  /** The call it shares with others, if it does. */
  sharedCall: SharedCall | undefined = undefined;
  /** Made with the first failure: most requests have none. */
  #failures: Failures | undefined = undefined;
  #actor: RequestActor | undefined = undefined;
  #looked = false;
  #ending = false;
  #feed: StatusFeed | undefined = undefined;
  #promise: Promise<SettledResponse> | undefined = undefined;
  #resolve: ((response: SettledResponse) => void) | undefined = undefined;

  constructor(request: QueueRequest, owner: RecordOwner, tokens: TokenCounts, key: number, seq: number, now: number) {
    this.request = request;
    this.owner = owner;
    this.inputTokens = tokens.inputTokens;
    this.outputTokens = tokens.outputTokens;
    this.key = key;
    this.seq = seq;
    this.pendingSince = now;
    request.status = 'pending';
  }

  get id(): string {
    return this.request.id;
  }

  get tenant(): string {
    return this.request.tenant ?? '';
  }

  get calls(): number | undefined {
    return this.request.calls;
  }

  get parts(): Readonly<Record<string, PartCost>> | undefined {
    return this.request.parts;
  }

  get tried(): ReadonlySet<Route> | undefined {
    return this.#failures?.tried;
  }

  get barred(): ReadonlySet<Route> | undefined {
    return this.#failures?.barred;
  }

  /** A route failed it. @param forGood it would again */
  failedOn(route: Route, forGood: boolean): void {
    this.#failures ??= { tried: new Set(), barred: new Set(), rounds: 0 };
    this.#failures[forGood ? 'barred' : 'tried'].add(route);
  }

  /** Rounds that are over. */
  get rounds(): number {
    return this.#failures?.rounds ?? 0;
  }

  /** Every way was tried: the round is over. Returns how many are. */
  endRound(): number {
    this.#failures ??= { tried: new Set(), barred: new Set(), rounds: 0 };
    this.#failures.tried.clear();
    return ++this.#failures.rounds;
  }

  /** Goes on for another record that shared its call. */
  inheritFailures(from: RequestRecord): void {
    this.#failures = from.#failures;
  }

  /** The record whose call this request waits for: its own, unless it joined another's. */
  get leader(): RequestRecord {
    return this.sharedCall?.leader ?? this;
  }

  get status(): RequestStatus {
    return this.request.status;
  }

  /** What its tenant is charged for. */
  get cost(): number {
    return Math.max(1, this.inputTokens + this.outputTokens);
  }

  /** For whoever looks: the same actor from then on, whatever happens to the request. */
  get actor(): RequestActor {
    this.#looked = true;
    this.#actor ??= this.response === undefined ? this.owner.spawn(this.#actorInput()) : this.#afterwards(this.response);
    return this.#actor;
  }

  get status$(): StatusFeed['stream$'] {
    this.#feed ??= new StatusFeed(() => this.#change());
    return this.#feed.stream$;
  }

  /** Settles with the terminal response; never rejects. */
  get settled(): Promise<SettledResponse> {
    this.#promise ??=
      this.response !== undefined
        ? Promise.resolve(this.response)
        : new Promise((resolve) => {
            this.#resolve = resolve;
          });
    return this.#promise;
  }

  /** True once: whoever gets it ends the request. What an ending sets off may not end it a second time. */
  beginEnding(): boolean {
    if (this.#ending) return false;
    this.#ending = true;
    return true;
  }

  /** Somebody is ending it, or it has ended. */
  get ending(): boolean {
    return this.#ending;
  }

  /**
   * One step of the chart. The actor comes last: its subscribers hear of it at once and may call back, and then
   * everything else has to be right. What is posted is held back by the caller until then.
   */
  tell(event: RequestEvent, phase: RequestPhase | undefined): void {
    // A request that fails before it ever ran needs no actor unless somebody looked.
    if (event.type !== 'FAILED') this.#actor ??= this.owner.spawn(this.#actorInput());
    this.phase = phase;
    const status = STATUS_AFTER[event.type];
    if (status !== this.request.status) {
      this.request.status = status;
      this.changedAt = this.owner.wallMs();
      const feed = this.#feed;
      if (feed?.observed) this.owner.post(feed.announce(this.#change()));
    }
    this.#actor?.send(event);
  }

  /** Hands the terminal response to whoever waits. A finished actor that nobody has seen is forgotten. */
  answer(response: SettledResponse): void {
    this.response = Object.freeze(response);
    if (!this.#looked) this.#actor = undefined;
    this.#resolve?.(response);
  }

  #change(): StatusChange {
    return Object.freeze({ status: this.status, phase: this.phase, attempt: this.attempts, at: this.changedAt ?? this.request.createdAt });
  }

  /** The actor of a request that is over, as it would stand if somebody had looked in time. */
  #afterwards(response: SettledResponse): RequestActor {
    const actor = detachedRequestActor({ ...this.#actorInput(), phase: 'queued' });
    if (this.attempts > 0) actor.send({ type: 'ADMITTED', attempt: this.attempts });
    if (response.status === 'failed') actor.send({ type: 'FAILED', reason: response.reason, code: response.code });
    else actor.send({ type: 'COMPLETED' });
    return actor;
  }

  #actorInput(): RequestActorInput {
    const { request } = this;
    return {
      requestId: request.id,
      modelId: request.modelId,
      tenant: this.tenant,
      priority: request.priority,
      createdAt: request.createdAt,
      estimatedInputTokens: this.inputTokens,
      estimatedOutputTokens: this.outputTokens,
      phase: this.phase,
      attempt: this.attempts,
    };
  }
}
