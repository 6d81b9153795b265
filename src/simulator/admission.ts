import type { Charge } from './cost-rules.ts';
import type { LimitAccount } from './limits/limit-account.ts';
import type { SimulatedLimitType } from './limits/simulated-limit.ts';

/** Why a call was not admitted: the limit that makes it wait longest. */
export interface Refusal {
  readonly limit: LimitAccount;
  readonly requested: number;
  readonly used: number;
  /** Until the call would fit if nothing else came; Infinity: it can never fit. */
  readonly waitMs: number;
}

/** What a charge puts on one kind of limit at admission. */
function chargeOn(type: SimulatedLimitType, charge: Charge): number {
  switch (type) {
    case 'rpm':
    case 'rpd':
      return 1;
    case 'itpm':
      return charge.input;
    case 'otpm':
      return charge.output;
    case 'tpm':
    case 'tpd':
      return charge.total;
  }
}

function countsRequests(account: LimitAccount): boolean {
  return account.spec.type === 'rpm' || account.spec.type === 'rpd';
}

function countsOutput(account: LimitAccount): boolean {
  return account.spec.type === 'otpm' || account.spec.type === 'tpm' || account.spec.type === 'tpd';
}

/** What must be free for a call to start. Output metered as it is produced needs room for its first token. */
function neededOn(account: LimitAccount, charge: Charge): number {
  return chargeOn(account.spec.type, charge) + (charge.metered && countsOutput(account) ? 1 : 0);
}

/** Looks at every limit, then counts on all of them or on none. */
export function admit(accounts: readonly LimitAccount[], charge: Charge, now: number): Refusal | undefined {
  let refusal: Refusal | undefined;
  for (const limit of accounts) {
    const requested = neededOn(limit, charge);
    const waitMs = limit.counter.waitMs(requested, now);
    if (waitMs > (refusal?.waitMs ?? 0)) refusal = { limit, requested, used: limit.counter.used(now), waitMs };
  }
  if (refusal) return refusal;
  for (const limit of accounts) limit.count(chargeOn(limit.spec.type, charge), now);
  return undefined;
}

/** Counts a refused request as a request, where it fits. */
export function chargeRefusal(accounts: readonly LimitAccount[], now: number): void {
  for (const account of accounts) {
    if (countsRequests(account) && account.counter.waitMs(1, now) === 0) account.count(1, now);
  }
}

/** Counts output tokens that were produced just now. */
export function countProduced(accounts: readonly LimitAccount[], tokens: number, now: number): void {
  for (const account of accounts) if (countsOutput(account)) account.count(tokens, now);
}

/** Replaces the input's estimate, counted at `admittedAt`, by the real number: a surplus counts now, the rest is given back at its place. */
export function correctInput(accounts: readonly LimitAccount[], estimated: number, real: number, admittedAt: number, now: number): void {
  if (real === estimated) return;
  for (const account of accounts) {
    if (countsRequests(account) || account.spec.type === 'otpm') continue;
    if (real > estimated) account.count(real - estimated, now);
    else account.giveBack(estimated - real, admittedAt, now);
  }
}
