import type { Clock, TimerHandle } from '../domain/clock.ts';
import { textOf } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import type { UsageStore } from '../domain/usage-store.ts';
import type { CountedUsage, LimitUsage } from '../engine/limit-usage.ts';
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
  /** Nothing ran when it was written. */
  readonly isQuiet: boolean;
  /** Epoch milliseconds. */
  readonly savedAt: number;
  readonly accounts: LimitAccounts;
  readonly limits: readonly LimitUsage[];
}

const LOOK_EVERY_MS = 100;
const SAVE_EVERY_MS = 1_000;
/** So much more of a limit is written down at the next look. */
const BURST = 0.05;
/** A start does not wait longer for a store that hangs. */
const LOAD_SECONDS = 2;

/**
 * Keeps what counts in the limits, so that a gateway goes on after a restart where the one before it stopped: written once a second
 * while there are calls, sooner in a burst. A process that was killed amid calls could not tell of its last second: it is taken to
 * have sent as much as in its busiest.
 */
export class UsageKeeper implements CallObserver {
  readonly #parts: UsageKeeperParts;
  readonly #running = new Set<string>();
  /** Calls that began since it was written down. */
  #begun = 0;
  #saved: KeptUsage | undefined;
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
      const text = await withTimeout(() => store.load(), LOAD_SECONDS, clock);
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
    if (this.#saved?.isQuiet !== true || this.#begun > 0) await this.#save(true, this.#parts.queues.limitUsage());
  }

  #soon(): TimerHandle {
    return this.#parts.clock.setTimeout(() => this.#look(), LOOK_EVERY_MS, { background: true });
  }

  #look(): void {
    const { queues, clock } = this.#parts;
    const isQuiet = this.#running.size === 0 && this.#begun === 0;
    const limits = queues.limitUsage();
    const isDue = clock.wallMs() - (this.#saved?.savedAt ?? 0) >= SAVE_EVERY_MS || hasGrown(this.#saved?.limits ?? [], limits);
    if (!isDue && (!isQuiet || this.#isFailing)) {
      this.#timer = this.#soon();
      return;
    }
    this.#saving = this.#save(isQuiet, limits).then(() => {
      // Quiet until the next call.
      this.#timer = this.#saved?.isQuiet && this.#begun === 0 ? undefined : this.#soon();
    });
  }

  async #save(isQuiet: boolean, limits: readonly LimitUsage[]): Promise<void> {
    const { store, accounts, clock, logger } = this.#parts;
    const kept: KeptUsage = { isQuiet, savedAt: clock.wallMs(), accounts, limits };
    const begun = this.#begun;
    try {
      await store.save(JSON.stringify(kept));
      this.#begun -= begun;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) logger.warn({ reason: textOf(error) }, 'what counts in the limits could not be written down');
      this.#isFailing = true;
    }
    // Where it failed too: it is tried again when it would be due again.
    this.#saved = { ...kept, isQuiet: isQuiet && !this.#isFailing };
  }
}

function hasGrown(before: readonly LimitUsage[], now: readonly LimitUsage[]): boolean {
  const used = new Map(before.map(({ limit, counted }) => [limit, sumOf(counted)]));
  return now.some(({ limit, size, counted }) => sumOf(counted) - (used.get(limit) ?? 0) >= BURST * size);
}

function sumOf(counted: readonly CountedUsage[]): number {
  return counted.reduce((sum, { amount }) => sum + amount, 0);
}

function whatWasSent({ isQuiet, savedAt, limits }: KeptUsage): readonly LimitUsage[] {
  if (isQuiet) return limits;
  return limits.map(({ counted, ...limit }) => ({
    ...limit,
    counted: [...counted, { amount: busiestSecond(counted), at: savedAt + SAVE_EVERY_MS }],
  }));
}

/** The most that was counted in a second; nothing where it is known only as a sum. */
function busiestSecond(counted: readonly CountedUsage[]): number {
  if (counted.length < 2) return 0;
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const { amount, at } of counted) {
    sum += amount;
    for (let oldest = counted[first]; oldest !== undefined && oldest.at <= at - SAVE_EVERY_MS; oldest = counted[first]) {
      sum -= oldest.amount;
      first++;
    }
    most = Math.max(most, sum);
  }
  return most;
}
