import { openUpstream } from '../../client/dispatch/open-upstream.ts';
import type { Upstream } from '../../client/dispatch/upstream.ts';
import { maskKey, maskUrl } from '../../config/expand/mask-key.ts';
import type { DeploymentEntry, HeadgateConfig, ModelEntry } from '../../config/headgate-config-types.ts';
import type { Clock } from '../../domain/clock.ts';
import { LLMQueueException, QueueTimeout, RateLimitRefused, textOf } from '../../domain/errors.ts';
import type { HttpTransport } from '../../domain/http-transport.ts';
import type { LimitObservation } from '../../domain/limit-observation.ts';
import { withTimeout } from '../../lib/with-timeout.ts';
import { ProviderFailure } from '../../providers/provider-failure.ts';
import { comparedLimits, type LimitReading } from './compare-limits.ts';
import { askForLimits } from './probe-call.ts';

/** What one deployment says of its limits. */
export interface DeploymentReading {
  readonly id: string;
  readonly provider: string;
  readonly baseUrl: string;
  /** Masked; undefined: there is none. */
  readonly key: string | undefined;
  /** The provider's names of the models that it serves. */
  readonly models: readonly string[];
  readonly ok: boolean;
  readonly ms: number;
  readonly limits: readonly LimitReading[];
  /**
   * How limits come about where none are configured: `off`: not at all; `headers`: its headers tell them; `no-rates`: a server without any, and
   * none is sought; `seeks-rate`: as headers tell, else the rate is sought that it sustains.
   */
  readonly learning?: 'off' | 'headers' | 'no-rates' | 'seeks-rate' | undefined;
  /** Why nothing is known, or what is odd. */
  readonly note?: string | undefined;
  /** Code of the error, where it failed, and the HTTP status that said so. */
  readonly code?: string | undefined;
  readonly status?: number | undefined;
}

export interface StatusParts {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly transport?: HttpTransport | undefined;
  /** Whether to make a call of one token where nothing cheaper shows limits. */
  readonly probe: boolean;
}

interface Target {
  readonly modelId: string;
  readonly model: ModelEntry;
  readonly entry: DeploymentEntry;
  readonly names: readonly string[];
}

const TIMEOUT_SECONDS = 10;
const AT_ONCE = 8;

/** Asks every deployment once. Never rejects because one of them fails. */
export async function readStatus(config: HeadgateConfig, parts: StatusParts): Promise<readonly DeploymentReading[]> {
  const targets = targetsOf(config);
  const readings = new Map<string, DeploymentReading>();
  const waiting = [...targets];
  const worker = async (): Promise<void> => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift())
      readings.set(target.entry.id, await readOne(target, parts));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return targets.flatMap(({ entry }) => readings.get(entry.id) ?? []);
}

function targetsOf({ models }: HeadgateConfig): readonly Target[] {
  const targets = new Map<string, Target>();
  for (const [modelId, model] of Object.entries(models)) {
    for (const entry of model.deployments) {
      const { names = [], ...first } = targets.get(entry.id) ?? { modelId, model, entry };
      targets.set(entry.id, { ...first, names: [...new Set([...names, entry.model])] });
    }
  }
  return [...targets.values()];
}

async function readOne(target: Target, parts: StatusParts): Promise<DeploymentReading> {
  const { clock, env, probe } = parts;
  const { modelId, model, entry, names } = target;
  const upstream = openUpstream(modelId, model, entry, parts);
  const facts = {
    id: entry.id,
    provider: upstream.provider,
    baseUrl: maskUrl(upstream.baseUrl),
    key: keyOf(entry, upstream, env),
    models: names,
  };
  const startedAt = clock.now();
  const seen: LimitObservation[] = [];
  const reading = (rest: Pick<DeploymentReading, 'ok' | 'note' | 'code' | 'status'>): DeploymentReading => ({
    ...facts,
    ms: Math.round(clock.now() - startedAt),
    limits: comparedLimits(entry.rateLimiters, seen),
    learning: learningOf(target, upstream, seen),
    ...rest,
  });
  try {
    const asked = { upstream, type: model.type, probe, wallMs: clock.wallMs(), seen };
    const note = await withTimeout((signal) => askForLimits({ ...asked, signal }), TIMEOUT_SECONDS, clock);
    return reading({ ok: true, note });
  } catch (error) {
    // At its limit it says what that limit is.
    if (error instanceof RateLimitRefused && seen.length > 0) return reading({ ok: true, note: 'at its limit now' });
    if (error instanceof QueueTimeout) return reading({ ok: false, code: 'timeout', note: `no answer within ${TIMEOUT_SECONDS} s` });
    const status = error instanceof ProviderFailure ? error.reply?.status : undefined;
    return reading({ ok: false, code: LLMQueueException.isInstance(error) ? error.code : 'error', status, note: textOf(error) });
  } finally {
    await upstream.close();
  }
}

function learningOf(
  { model: { learnLimits }, entry }: Target,
  { endpoint }: Upstream,
  seen: readonly LimitObservation[],
): DeploymentReading['learning'] {
  if (entry.rateLimiters.length > 0) return undefined;
  if (learnLimits === false) return 'off';
  if (seen.some(({ limit }) => limit !== undefined)) return 'headers';
  return (learnLimits ?? endpoint.preset.limitsRates ?? true) ? 'seeks-rate' : 'no-rates';
}

function keyOf({ apiKey }: DeploymentEntry, { endpoint }: Upstream, env: StatusParts['env']): string | undefined {
  const { keyVariable } = endpoint.preset;
  const key = apiKey ?? (keyVariable === undefined ? undefined : env[keyVariable]);
  return key === undefined || key === '' ? undefined : maskKey(key);
}
