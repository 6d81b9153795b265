import type { RateLimitRefused } from '../domain/errors.ts';
import { AnsweredFailure } from './answered-failure.ts';
import type { ProviderFailure } from './provider-failure.ts';
import { ProviderRefusal, type VerdictPlace } from './provider-refusal.ts';
import type { Verdict } from './verdict.ts';

/** What to throw for a verdict that is no success, so that the engine does what it asks for. */
export function verdictToError(
  verdict: Exclude<Verdict, { kind: 'completed' }>,
  place: VerdictPlace = {},
): RateLimitRefused | ProviderFailure {
  return verdict.kind === 'refused' ? new ProviderRefusal(verdict, place) : new AnsweredFailure(verdict, place);
}
