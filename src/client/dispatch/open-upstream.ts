import type { DeploymentEntry, ModelEntry } from '../../config/headgate-config-types.ts';
import type { Clock } from '../../domain/clock.ts';
import { InvalidConfiguration, textOf } from '../../domain/errors.ts';
import type { HttpTransport } from '../../domain/http-transport.ts';
import { normaliseBaseUrl } from '../../providers/base-url.ts';
import { createEndpoint } from '../../providers/endpoint.ts';
import { findPreset } from '../../providers/preset-registry.ts';
import type { Endpoint, EndpointOptions, ProviderPreset } from '../../providers/provider.ts';
import { CallerEndpoints } from './caller-endpoints.ts';
import { keyedBy } from './caller-key.ts';
import type { Upstream } from './upstream.ts';

/** What upstreams are opened with. */
export interface UpstreamParts {
  readonly clock: Clock;
  /** Variables that the keys of deployments without one are looked up in, where their callers bring none. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** In place of connections over the network. */
  readonly transport?: HttpTransport | undefined;
}

/** Makes the connection to a configured deployment; nothing is sent before the first call. */
export function openUpstream(
  modelId: string,
  { firstTokenTimeoutSeconds, idleTimeoutSeconds }: Pick<ModelEntry, 'firstTokenTimeoutSeconds' | 'idleTimeoutSeconds'>,
  entry: DeploymentEntry,
  { clock, env, transport }: UpstreamParts,
): Upstream {
  const preset = findPreset(entry.provider);
  const { id, model, apiKey, apiVersion, headers } = entry;
  const baseUrl = baseUrlOf(modelId, entry, preset);
  const open = (key: Pick<EndpointOptions, 'preset' | 'apiKey' | 'headers'>): Endpoint =>
    createEndpoint(
      {
        ...key,
        headers: { ...headers, ...key.headers },
        deploymentId: id,
        baseUrl,
        model,
        apiVersion,
        firstTokenTimeoutMs: milliseconds(firstTokenTimeoutSeconds),
        idleTimeoutMs: milliseconds(idleTimeoutSeconds),
      },
      clock,
      transport,
    );
  const fromEnvironment = preset.keyVariable === undefined ? undefined : env[preset.keyVariable];
  const ownKey = apiKey ?? (fromEnvironment === '' ? undefined : fromEnvironment);
  const endpoint = open({ preset, apiKey: ownKey });
  const callers = apiKey === undefined ? new CallerEndpoints((auth) => open(keyedBy(preset, auth))) : undefined;
  return {
    id,
    provider: preset.name,
    model,
    baseUrl,
    endpoint,
    hasKey: ownKey !== undefined,
    endpointFor: (auth) => (auth === undefined || callers === undefined ? endpoint : callers.endpointFor(auth)),
    close: async () => {
      await Promise.all([endpoint.close(), callers?.close()]);
    },
  };
}

function baseUrlOf(modelId: string, { id, baseUrl }: DeploymentEntry, preset: ProviderPreset): string {
  try {
    return normaliseBaseUrl(preset, baseUrl);
  } catch (cause) {
    throw new InvalidConfiguration(`Model '${modelId}', deployment '${id}': ${textOf(cause)}`, `models.${modelId}.deployments`, { cause });
  }
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
