import type { Upstream } from '../../client/dispatch/upstream.ts';
import type { ModelType } from '../../config/headgate-config-types.ts';
import type { JsonObject } from '../../domain/chat.ts';
import type { LimitObservation } from '../../domain/limit-observation.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import { ProviderFailure } from '../../providers/provider-failure.ts';

export interface Question {
  readonly upstream: Upstream;
  readonly type: ModelType;
  readonly signal: AbortSignal;
  readonly probe: boolean;
  readonly wallMs: number;
  /** Gets what the headers say, also of an answer that is an error. */
  readonly seen: LimitObservation[];
}

/** A server without a list of models. */
const NO_LIST = new Set([404, 405, 501]);
const ONLY_WITH_CALLS = 'says its limits only with model calls: ask with --probe, which makes one call of one token';
/** Least that models which think accept as the limit of an answer. */
const THINKING_TOKENS = 16;

/** Asks a deployment in the cheapest way that shows its limits; resolves with what is odd. Throws what the endpoint throws. */
export async function askForLimits(question: Question): Promise<string | undefined> {
  const { upstream, signal, probe, wallMs, seen } = question;
  const { preset } = upstream.endpoint;
  if (preset.modelsPath !== undefined) {
    try {
      const { headers } = await upstream.endpoint.get(preset.modelsPath, signal);
      seen.push(...preset.readLimits(headers, wallMs));
    } catch (error) {
      const status = error instanceof ProviderFailure ? error.reply?.status : undefined;
      if (status === undefined || !NO_LIST.has(status)) throw error;
      if (!probe) return `has no list of models; ${ONLY_WITH_CALLS}`;
    }
  }
  if (seen.length > 0) return undefined;
  if (!probe) return ONLY_WITH_CALLS;
  await callOnce(question, { max_tokens: 1 });
  return seen.length > 0 ? undefined : 'sends no limits with its answers';
}

async function callOnce(question: Question, most: JsonObject): Promise<void> {
  const { upstream, signal, wallMs, seen } = question;
  const { endpoint } = upstream;
  const call = shortestCall(endpoint.preset.formats, question.type, most);
  try {
    const answer = await endpoint.send(
      { ...call, signal },
      { onHeaders: ({ headers }) => void seen.splice(0, seen.length, ...endpoint.preset.readLimits(headers, wallMs)) },
    );
    if (answer.kind === 'stream') for await (const _ of answer.parts);
  } catch (error) {
    const wantsOtherField = error instanceof ProviderFailure && error.reply?.text.includes('max_completion_tokens');
    if (!wantsOtherField || 'max_completion_tokens' in most) throw error;
    await callOnce(question, { max_completion_tokens: THINKING_TOKENS });
  }
}

function shortestCall(formats: readonly WireFormatName[], type: ModelType, most: JsonObject) {
  if (type === 'embeddings') return { format: 'openai-embeddings', body: { input: 'Hi' } } as const;
  const format = formats.includes('openai-chat') ? 'openai-chat' : 'anthropic-messages';
  return { format, body: { messages: [{ role: 'user', content: 'Hi' }], ...most } } as const;
}
