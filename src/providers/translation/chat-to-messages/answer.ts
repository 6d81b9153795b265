import type { FinishReason, JsonObject, ToolCall } from '../../../domain/chat.ts';
import { anthropicMessagesCodec, usageOf } from '../../codecs/anthropic-messages.ts';
import { countAt, isJsonObject, listAt, objectAt, textAt, withoutAbsent } from '../../codecs/json-fields.ts';
import { Untranslatable } from '../translation.ts';
import type { AnswerForm } from './answer-form.ts';

/** Blocks that have a place in a chat completion, and thinking, which OpenAI's models keep to themselves. */
const BLOCKS: ReadonlySet<unknown> = new Set(['text', 'tool_use', 'thinking', 'redacted_thinking']);
const TIERS: Readonly<Record<string, string>> = { standard: 'default', priority: 'priority' };

/** Anthropic's message as a chat completion. Where its words were quoted from is left out. Throws a `ProviderFailure` for something that is no message. */
export function chatCompletion(json: unknown, form: AnswerForm, createdMs: number): JsonObject {
  const schema = form.tool && { name: textAt(form.tool, 'name') ?? '', schema: {} };
  const said = anthropicMessagesCodec.decode(json, { messages: [], stream: false, answerSchema: schema });
  const message = isJsonObject(json) ? json : {};
  for (const block of listAt(message, 'content')) refuseUnknown(block);
  const usage = objectAt(message, 'usage');
  const refusal = refusalIn(message);
  const calls = said.toolCalls.map(callOf);
  const isSilent = said.content === '' && (calls.length > 0 || refusal !== null);
  const answer = { role: 'assistant', content: isSilent ? null : said.content, refusal, ...(calls.length > 0 && { tool_calls: calls }) };
  return withoutAbsent({
    ...completionHead(message, createdMs),
    object: 'chat.completion',
    choices: [{ index: 0, message: answer, logprobs: null, finish_reason: finishWord(said.finishReason) }],
    usage: completionUsage(usage),
  });
}

/** What a whole answer and every chunk of a stream begin with. The id stays the provider's, so that it can be found there. */
export function completionHead(message: JsonObject, createdMs: number): JsonObject {
  const tier = TIERS[textAt(objectAt(message, 'usage'), 'service_tier') ?? ''];
  const head = { id: textAt(message, 'id') ?? '', created: Math.floor(createdMs / 1000), model: textAt(message, 'model') ?? '' };
  return tier === undefined ? head : { ...head, service_tier: tier };
}

/** A block that isn't known may be content: nobody may miss it silently. */
export function refuseUnknown({ type }: JsonObject): void {
  if (!BLOCKS.has(type)) throw new Untranslatable('', 'It has content of a kind that a chat completion has no place for.');
}

/** OpenAI counts what was read from and written to the cache as part of the prompt. */
export function completionUsage(usage: JsonObject | undefined): JsonObject | undefined {
  const known = usageOf(usage);
  return (
    known && {
      prompt_tokens: known.promptTokens,
      completion_tokens: known.completionTokens,
      total_tokens: known.totalTokens,
      prompt_tokens_details: {
        cached_tokens: known.cachedPromptTokens ?? 0,
        cache_write_tokens: countAt(usage, 'cache_creation_input_tokens') ?? 0,
      },
      completion_tokens_details: { reasoning_tokens: known.reasoningTokens ?? 0 },
    }
  );
}

/** OpenAI has no word for other reasons. */
export function finishWord(reason: FinishReason): string {
  return reason === 'other' ? 'stop' : reason;
}

/** Why the model was stopped, where Anthropic explains it. */
export function refusalIn(ended: JsonObject | undefined): string | null {
  return textAt(objectAt(ended, 'stop_details'), 'explanation') ?? null;
}

function callOf({ id, name, arguments: text }: ToolCall): JsonObject {
  return { id, type: 'function', function: { name, arguments: text } };
}
