import { openUpstream } from '../../client/dispatch/open-upstream.ts';
import type { Upstream } from '../../client/dispatch/upstream.ts';
import type { DeploymentEntry, HeadgateConfig, ModelEntry } from '../../config/headgate-config-types.ts';
import type { Clock } from '../../domain/clock.ts';
import { LLMQueueException, QueueTimeout, textOf } from '../../domain/errors.ts';
import type { HttpTransport } from '../../domain/http-transport.ts';
import { withTimeout } from '../../lib/with-timeout.ts';
import type { WireCall, WireReply } from '../../providers/provider.ts';
import { ProviderFailure } from '../../providers/provider-failure.ts';

/** How one deployment answered. */
export interface ProbeResult {
  readonly deploymentId: string;
  readonly ok: boolean;
  readonly ms: number;
  /** Code of the error, as `authentication_error`. */
  readonly code?: string;
  /** Why it failed, or what is odd. */
  readonly message?: string;
}

interface ProbeParts {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly transport?: HttpTransport | undefined;
}

interface Target {
  readonly modelId: string;
  readonly model: ModelEntry;
  readonly entry: DeploymentEntry;
  /** The provider's names of all models that it serves. */
  readonly names: readonly string[];
}

const TIMEOUT_SECONDS = 10;
const AT_ONCE = 8;
/** A server without a list of models; the others say what is wrong with the key or the endpoint. */
const NO_LIST = new Set([404, 405, 501]);

/** Asks each deployment once: for its list of models, which costs nothing, or where there is none for the shortest answer. */
export async function probeDeployments(config: HeadgateConfig, parts: ProbeParts): Promise<readonly ProbeResult[]> {
  const waiting = targetsOf(config);
  const results = new Map<string, ProbeResult>();
  const order = waiting.map(({ entry }) => entry.id);
  const worker = async (): Promise<void> => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift())
      results.set(target.entry.id, await probe(target, parts));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return order.flatMap((id) => results.get(id) ?? []);
}

function targetsOf({ models }: HeadgateConfig): Target[] {
  const targets = new Map<string, Target>();
  for (const [modelId, model] of Object.entries(models)) {
    for (const entry of model.deployments) {
      const { names = [], ...first } = targets.get(entry.id) ?? { modelId, model, entry };
      targets.set(entry.id, { ...first, names: [...names, entry.model] });
    }
  }
  return [...targets.values()];
}

async function probe(target: Target, parts: ProbeParts): Promise<ProbeResult> {
  const { clock } = parts;
  const deploymentId = target.entry.id;
  const startedAt = clock.now();
  const ms = (): number => Math.round(clock.now() - startedAt);
  const upstream = openUpstream(target.modelId, target.model, target.entry, parts);
  try {
    const message = await withTimeout((signal) => ask(upstream, target, signal), TIMEOUT_SECONDS, clock);
    return { deploymentId, ok: true, ms: ms(), ...(message !== undefined && { message }) };
  } catch (error) {
    if (error instanceof QueueTimeout)
      return { deploymentId, ok: false, ms: ms(), code: 'timeout', message: `no answer within ${TIMEOUT_SECONDS} s` };
    const code = LLMQueueException.isInstance(error) ? error.code : 'error';
    return { deploymentId, ok: false, ms: ms(), code, message: textOf(error) };
  } finally {
    await upstream.close();
  }
}

/** Resolves with what is odd about an answer, if anything is. */
async function ask({ endpoint }: Upstream, { model, names }: Target, signal: AbortSignal): Promise<string | undefined> {
  const { modelsPath } = endpoint.preset;
  if (modelsPath !== undefined) {
    try {
      const known = modelsIn(await endpoint.get(modelsPath, signal));
      const unknown =
        endpoint.preset.name === 'azure' || known === undefined ? [] : names.filter((name) => !known.some((id) => isSame(id, name)));
      return unknown.length === 0 ? undefined : `its list of models does not name ${unknown.join(', ')}`;
    } catch (error) {
      const status = error instanceof ProviderFailure ? error.reply?.status : undefined;
      if (status === undefined || !NO_LIST.has(status)) throw error;
    }
  }
  const answer = await endpoint.send({ ...shortestCall(endpoint.preset.formats, model), signal });
  return answer.kind === 'whole' ? undefined : 'it streamed what was not to be streamed';
}

/** The ids in a complete list of models; undefined where it is none, or there are more. */
function modelsIn({ json }: WireReply): readonly string[] | undefined {
  if (typeof json !== 'object' || json === null || !('data' in json) || !Array.isArray(json.data)) return undefined;
  if ('has_more' in json && json.has_more === true) return undefined;
  return json.data.flatMap((item: unknown) => (typeof item === 'object' && item !== null && 'id' in item ? [String(item.id)] : []));
}

/** Gemini lists `models/x`, and Anthropic `x-20250101` for what is also called `x`. */
function isSame(id: string, name: string): boolean {
  return (
    id === name ||
    id.endsWith(`/${name}`) ||
    (name.endsWith('-latest') && id.startsWith(name.slice(0, -'latest'.length))) ||
    id.startsWith(`${name}-`)
  );
}

function shortestCall(formats: readonly string[], { type }: ModelEntry): Pick<WireCall, 'format' | 'body'> {
  if (type === 'embeddings') return { format: 'openai-embeddings', body: { input: 'Hi' } };
  const body = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 };
  return { format: formats.includes('anthropic-messages') ? 'anthropic-messages' : 'openai-chat', body };
}
