import type { DispatchCall } from '../../client/dispatch/dispatch-types.ts';
import type { Headgate } from '../../client/headgate.ts';
import { UsageError } from '../usage-error.ts';
import type { LoadOptions } from './load-options.ts';

const CHARACTERS_PER_TOKEN = 4;
const SENTENCE = 'The gate at the head of the channel lets in as much water as it can carry. ';

/** The calls of a load test, the same each time but for a number, in a format that the model's deployments speak. @throws UsageError */
export function loadBody(headgate: Headgate, { model, stream, promptTokens, maxTokens }: LoadOptions): (number: number) => DispatchCall {
  const formats = new Set(headgate.upstreamsOf(model).flatMap(({ endpoint }) => endpoint.preset.formats));
  const isEmbedding = headgate.config.models[model]?.type === 'embeddings';
  const prompt = (number: number): string => `${number}. ${textOf(promptTokens)}`;
  if (isEmbedding) {
    if (stream) throw new UsageError(`Model '${model}' makes embeddings, which don't stream: leave out --stream.`);
    return (number) => ({ format: 'openai-embeddings', body: { model, input: prompt(number) } });
  }
  const format = formats.has('openai-chat') ? 'openai-chat' : formats.has('anthropic-messages') ? 'anthropic-messages' : undefined;
  if (format === undefined)
    throw new UsageError(`Model '${model}' has no deployment that chats; its deployments speak ${[...formats].join(', ') || 'nothing'}.`);
  return (number) => ({
    format,
    body: { model, messages: [{ role: 'user', content: prompt(number) }], max_tokens: maxTokens, ...(stream && { stream }) },
  });
}

function textOf(tokens: number): string {
  const length = tokens * CHARACTERS_PER_TOKEN;
  return SENTENCE.repeat(Math.ceil(length / SENTENCE.length)).slice(0, length);
}
