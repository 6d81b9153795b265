import type { EndpointOptions, ProviderPreset } from '../../providers/provider.ts';

/** Headers in which a caller brought its key, names in lower case. */
export type CallerAuth = Readonly<Record<string, string>>;

const BEARER = /^bearer\s+(\S+)$/i;

/**
 * What an endpoint is told of a caller's own key: the key itself wherever its form is known, so that the endpoint keeps
 * it out of every message, sent in the header it came in; other headers (an organisation) as they are.
 */
export function keyedBy(preset: ProviderPreset, auth: CallerAuth | undefined): Pick<EndpointOptions, 'preset' | 'apiKey' | 'headers'> {
  if (auth === undefined) return { preset };
  const { authorization, ...others } = auth;
  const bearer = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (bearer !== undefined) return { preset: { ...preset, auth: 'bearer' }, apiKey: bearer, headers: others };
  for (const scheme of ['x-api-key', 'api-key'] as const) {
    const apiKey = auth[scheme];
    if (apiKey === undefined) continue;
    const { [scheme]: _, ...headers } = auth;
    return { preset: { ...preset, auth: scheme }, apiKey, headers };
  }
  return { preset, headers: auth };
}
