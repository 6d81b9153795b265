import { isMoneyCode, saysTooLarge } from '../scheduling/refusal-vocabulary.ts';
import type { ErrorFields } from './error-fields.ts';

/** Which status an error's code or type would have had as an answer of its own; the first that fits. */
const STATUS_OF: readonly (readonly [RegExp, number])[] = [
  [
    /^(rate_limit|slow_down|ramp_limit|acceleration_limit|rate_limited|RESOURCE_EXHAUSTED|ThrottlingException|tokens|requests|dynamic_)/i,
    429,
  ],
  [/^(overloaded_error|overloaded)$/i, 529],
  [/^(server_is_overloaded|service_unavailable|ServiceUnavailable|UNAVAILABLE|engine_overloaded)/i, 503],
  [/(timeout_error|DEADLINE_EXCEEDED|_timeout)$/i, 504],
  [/^(ModelTimeoutException|request_timeout)/i, 408],
  [/^(server_error|api_error|internal|modelStreamError)/i, 500],
  [/^(invalid_api_key|authentication_error|UNAUTHENTICATED)/i, 401],
  [/^(billing_error|payment_required)/i, 402],
  [/^(permission|unsupported_country)/i, 403],
  [/^(model_not_found|not_found|NOT_FOUND|deploymentnotfound)/i, 404],
  [/^(conflict_error|ABORTED)/i, 409],
  [/^request_too_large/i, 413],
  [/^(ModelErrorException)/i, 424],
  [
    /^(invalid_|INVALID_|FAILED_PRECONDITION|unsupported_|context_length|content_(filter|policy)|image_|empty_image|BadRequest|ValidationException)/i,
    400,
  ],
];

/**
 * The status that an error inside a 200 stands for: its own number where it has one (OpenRouter, Google, vLLM), else
 * its code or type. `retry-after` in such an answer means a refusal, as Azure sends it. What nothing tells is the
 * server's failure: nothing was delivered, so trying again does no harm.
 */
export function embeddedStatus({ names, text }: ErrorFields, asksToWait: boolean): number {
  for (const name of names) {
    const number = Number(name);
    if (Number.isInteger(number) && number >= 400 && number < 600) return number;
  }
  for (const name of names) {
    if (isMoneyCode(name)) return 429;
    const status = STATUS_OF.find(([pattern]) => pattern.test(name))?.[1];
    if (status !== undefined) return status;
  }
  return asksToWait || saysTooLarge(text) || /\brate limit/i.test(text) ? 429 : 500;
}
