import type { Clock, TimerHandle } from '../domain/clock.ts';
import { textOf } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import type { UsageStore } from '../domain/usage-store.ts';
import type { LimitTotal, LimitUsage } from '../engine/limit-usage.ts';
import type { QueueManager } from '../engine/queue-manager.ts';
import { withTimeout } from '../lib/with-timeout.ts';
import type { CallObserver, FinishedCall } from './calls/finished-call.ts';
import { isSameAccount, type LimitAccounts } from './limit-accounts.ts';

export interface UsageKeeperParts {
  readonly queues: QueueManager;
  readonly store: UsageStore;
  readonly accounts: LimitAccounts;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is kept. */
interface KeptUsage {
  /** Nothing was sent after it. */
  readonly isLast: boolean;
  /** Epoch milliseconds. */
  readonly savedAt: number;
  readonly accounts: LimitAccounts;
  readonly limits: readonly LimitUsage[];
  /** The most that was taken of a limit between two notes, lately. */
  readonly most: Readonly<Record<string, number>>;
}

type Totals = ReadonlyMap<string, LimitTotal>;

const LOOK_EVERY_MS = 100;
const SAVE_EVERY_MS = 1_000;
/** So much more of a limit is written down at the next look. */
const BURST = 0.05;
/** Unless writing took more than this share of the time since. */
const MOST_SHARE = 0.1;
/** So little of a request is none. */
const NOTHING = 0.1;
/** How fast it forgets how busy it was. */
const HALF_LIFE_MS = 60_000;
/** Neither a start nor an end waits longer for a store that hangs. */
const STORE_SECONDS = 2;

/**
 * Keeps what counts in the limits, so that a gateway goes on after a restart where the one before it stopped: written once a second
 * while there are calls, sooner in a burst. A process that was killed could not tell what it sent after its last note: it is
 * taken to be the most that it sent between two.
 */
export class UsageKeeper implements CallObserver {
  readonly #parts: UsageKeeperParts;
  readonly #running = new Set<string>();
  /** Calls that began since it was written down. */
  #begun = 0;
  #noted: Totals = new Map();
  /** Monotonic: a wall clock that is set back must not stop it. */
  #notedAt = Number.NEGATIVE_INFINITY;
  #tookMs = 0;
  #most: ReadonlyMap<string, number> = new Map();
  /** What was written last is how it ended. */
  #isDone = true;
  #saving: Promise<void> | undefined;
  #timer: TimerHandle;
  #isFailing = false;

  constructor(parts: UsageKeeperParts) {
    this.#parts = parts;
  }

  /** Counts what was sent before, as far as the store can tell; call it before the first call. */
  async restore(): Promise<void> {
    const { queues, store, accounts, clock, logger } = this.#parts;
    try {
      const text = await withTimeout(() => store.load(), STORE_SECONDS, clock);
      if (text === undefined) return;
      const kept = JSON.parse(text) as KeptUsage; // written by #save
      queues.restoreUsage(whatWasSent(kept).filter((usage) => isSameAccount(usage, kept.accounts, accounts)));
    } catch (error) {
      logger.warn({ reason: textOf(error) }, 'what was sent before the start is not known: the limits begin as if it were nothing');
    }
  }

  started({ requestId }: Pick<FinishedCall, 'requestId'>): void {
    this.#running.add(requestId);
    this.#begun++;
    this.#isDone = false;
    this.#timer ??= this.#soon();
  }

  finished({ requestId }: Pick<FinishedCall, 'requestId'>): void {
    this.#running.delete(requestId);
  }

  /** Writes what counts in the end; call it once nothing is sent any more. */
  async stop(): Promise<void> {
    this.#parts.clock.clearTimeout(this.#timer);
    await this.#saving;
    this.#parts.clock.clearTimeout(this.#timer);
    // Calls may have been sent that nobody told of here.
    if (this.#noted.size > 0 || differ(this.#noted, this.#parts.queues.limitTotals())) await this.#save({ isQuiet: true, isLast: true });
  }

  #soon(): TimerHandle {
    return this.#parts.clock.setTimeout(() => this.#look(), LOOK_EVERY_MS, { background: true });
  }

  #look(): void {
    const isQuiet = this.#running.size === 0 && this.#begun === 0;
    if (!this.#isDue() && (!isQuiet || this.#isFailing)) {
      this.#timer = this.#soon();
      return;
    }
    this.#saving = this.#save({ isQuiet, isLast: false }).then(() => {
      // Quiet until the next call.
      this.#timer = this.#isDone ? undefined : this.#soon();
    });
  }

  #isDue(): boolean {
    const { queues, clock } = this.#parts;
    const sinceMs = clock.now() - this.#notedAt;
    if (sinceMs >= SAVE_EVERY_MS) return true;
    return this.#tookMs <= MOST_SHARE * sinceMs && hasGrown(this.#noted, queues.limitTotals());
  }

  async #save({ isQuiet, isLast }: { readonly isQuiet: boolean; readonly isLast: boolean }): Promise<void> {
    const { queues, store, accounts, clock, logger } = this.#parts;
    const beganAt = clock.now();
    const begun = this.#begun;
    this.#note(queues.limitTotals(), beganAt);
    const most = Object.fromEntries([...this.#most].map(([limit, amount]) => [limit, Math.ceil(amount)]));
    const kept: KeptUsage = { isLast, savedAt: clock.wallMs(), accounts, limits: queues.limitUsage(), most };
    try {
      await withTimeout(() => store.save(JSON.stringify(kept)), STORE_SECONDS, clock);
      this.#begun -= begun;
      this.#isDone = isQuiet && this.#begun === 0;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) logger.warn({ reason: textOf(error) }, 'what counts in the limits could not be written down');
      // Tried again when it would be due again.
      this.#isDone = false;
      this.#isFailing = true;
    }
    this.#tookMs = clock.now() - beganAt;
  }

  #note(totals: Totals, now: number): void {
    const left = 2 ** ((this.#notedAt - now) / HALF_LIFE_MS);
    const most = [...totals].map(
      ([limit, total]) => [limit, Math.max(grown(this.#noted, limit, total), (this.#most.get(limit) ?? 0) * left)] as const,
    );
    this.#most = new Map(most.filter(([, amount]) => amount >= NOTHING));
    this.#noted = totals;
    this.#notedAt = now;
  }
}

function grown(before: Totals, limit: string, { taken }: LimitTotal): number {
  return taken - (before.get(limit)?.taken ?? 0);
}

function hasGrown(before: Totals, now: Totals): boolean {
  return [...now].some(([limit, total]) => grown(before, limit, total) >= BURST * total.size);
}

function differ(before: Totals, now: Totals): boolean {
  return [...now].some(([limit, total]) => grown(before, limit, total) !== 0);
}

function whatWasSent({ isLast, savedAt, limits, most }: KeptUsage): readonly LimitUsage[] {
  if (isLast) return limits;
  const told = new Map(limits.map(({ limit, counted }) => [limit, counted]));
  // What was sent until a second after the note is counted within another one.
  const at = savedAt + 2 * SAVE_EVERY_MS;
  for (const [limit, amount] of Object.entries(most)) told.set(limit, [...(told.get(limit) ?? []), { amount, at }]);
  return [...told].map(([limit, counted]) => ({ limit, counted }));
}
