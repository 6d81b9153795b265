import { ProviderFailure } from './provider-failure.ts';
import { placed, type VerdictPlace } from './provider-refusal.ts';
import type { Final, Retryable } from './verdict.ts';

/** A failure that the provider itself reported, with the times it named. */
export class AnsweredFailure extends ProviderFailure {
  /** The least wait before it is tried there again, where the provider says so. */
  readonly retryAfterMs: number | undefined;
  /** When the account may succeed again, in ms since 1970, where the provider names a day or a wait. */
  readonly untilMs: number | undefined;

  constructor(verdict: Retryable | Final, place: VerdictPlace) {
    const { deploymentId, reply } = place;
    super({
      message: placed(verdict.message, place),
      code: verdict.code,
      retryable: verdict.kind === 'retryable',
      failOver: verdict.kind === 'retryable' || verdict.failOver,
      scope: verdict.scope,
      ...(deploymentId === undefined ? {} : { deploymentId }),
      ...(reply === undefined ? {} : { reply }),
    });
    this.retryAfterMs = verdict.kind === 'retryable' ? verdict.retryAfterMs : undefined;
    this.untilMs = verdict.kind === 'final' ? verdict.untilMs : undefined;
  }
}
