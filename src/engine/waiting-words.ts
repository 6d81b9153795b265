import type { RateLimiterType } from '../domain/limit-types.ts';
import { counted } from '../lib/counted.ts';
import type { DeploymentHold } from './deployment-hold.ts';
import type { DeploymentUnit } from './deployment-unit.ts';
import { errorWords } from './error-words.ts';
import type { LearnedRate } from './limit-listener.ts';
import type { LimiterUnit } from './limiter-unit.ts';

const UNKNOWN = Number.POSITIVE_INFINITY;
/** The last moment that a `Date` can hold. */
const LAST_DATE_MS = 8.64e15;

/** Says moments of the engine's clock as a person or a log reads them. */
export interface Moments {
  readonly now: number;
  /** Epoch milliseconds at `now`. */
  readonly wallMs: number;
}

/** `2025-01-01T00:01:00Z (in 58 s)`: both never too early, so that whoever looks again then does not find it waiting still. */
export function moment(at: number, { now, wallMs }: Moments): string {
  // What is left over from adding fractions is no millisecond more.
  const leftMs = Math.ceil(Math.round((at - now) * 1_000) / 1_000);
  const second = Math.ceil((wallMs + leftMs) / 1_000) * 1_000;
  const wall = Math.abs(second) > LAST_DATE_MS ? 'a day beyond every calendar' : new Date(second).toISOString().replace('.000Z', 'Z');
  return `${wall} (in ${duration(leftMs)})`;
}

/** Why a request waits for a limit. @param at when there is room as far as is known */
export function limitWords({ id, limiter }: LimiterUnit, at: number, moments: Moments): string {
  const { now } = moments;
  if (limiter.pausedUntil > now) return `limit '${id}': paused by a refusal until ${moment(limiter.pausedUntil, moments)}`;
  const room = at === UNKNOWN ? 'room once a call ends' : `room at ${moment(at, moments)}`;
  return `limit '${id}': ${amount(limiter.used(now))} of ${amount(limiter.limit)} in use, ${room}`;
}

/** Why a deployment takes no call now. */
export function holdWords({ id }: DeploymentUnit, hold: DeploymentHold, moments: Moments): string {
  const name = `deployment '${id}'`;
  const until = hold.at === UNKNOWN ? '' : ` until ${moment(hold.at, moments)}`;
  switch (hold.kind) {
    case 'disabled':
      return `${name}: disabled${until}: ${errorWords(hold.error, id)}`;
    case 'circuit': {
      const state = hold.circuit === 'open' ? `circuit open${until}` : 'circuit half-open, one call probes it';
      return `${name}: ${state}, ${failureWords(hold.failures, hold.lastError, id)}`;
    }
    case 'refused':
      return `${name}: refused by the provider, nothing starts${until}`;
    case 'slowed':
      return `${name}: the provider asked to slow down, ${amount(hold.most)} at once for now`;
    case 'learning':
      return `${name}: its limits are being learned with ${counted(hold.most, 'call')} at once`;
    case 'learned-rate':
      return `${name}: ${rateWords(hold.rate)}, nothing starts${until}`;
  }
}

/** A deployment that is in use and fails; undefined for one that doesn't. */
export function failingWords({ id, failures, lastError }: DeploymentUnit): string | undefined {
  return lastError === undefined ? undefined : `deployment '${id}': ${failureWords(failures, lastError, id)}`;
}

function failureWords(failures: number, error: Error | undefined, deploymentId: string): string {
  const count = `after ${counted(failures, 'failure')}`;
  return error === undefined ? count : `${count}: ${errorWords(error, deploymentId)}`;
}

function rateWords({ type, perSecond, refused }: LearnedRate): string {
  const unit = UNITS[type];
  const source = refused ? 'learned from refusals' : 'growing while nothing is refused';
  return `${perSecond < 10 ? Number(perSecond.toPrecision(2)) : Math.round(perSecond)} ${unit} a second (${source})`;
}

const UNITS: Readonly<Record<RateLimiterType, string>> = {
  rpm: 'calls',
  rpd: 'calls',
  tpm: 'tokens',
  tpd: 'tokens',
  itpm: 'input tokens',
  otpm: 'output tokens',
  concurrent: 'calls',
};

function amount(value: number): string {
  return Number(value.toFixed(1)).toLocaleString('en-US');
}

function duration(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 600_000) return `${Math.ceil(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
