import type { Translation } from '../../providers/translation/translation.ts';
import { translationFor } from '../../providers/translation/translation-for.ts';
import type { DispatchCall } from './dispatch-types.ts';
import type { Upstream } from './upstream.ts';

/**
 * How a call of this format is made at an upstream that doesn't speak it; undefined where it does, or where it can't be: with
 * its caller's own key nothing is sent to another provider than the one that the key is for.
 */
export function translationTo({ endpoint, hasKey }: Upstream, format: DispatchCall['format']): Translation | undefined {
  const { formats } = endpoint.preset;
  return formats.includes(format) || !hasKey ? undefined : translationFor(format, formats);
}
