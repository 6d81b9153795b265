import type { JsonObject } from '../../../domain/chat.ts';
import { withoutAbsent } from '../../codecs/json-fields.ts';
import { encodeOpenAiChat } from '../../codecs/openai-chat-request.ts';
import type { TranslatedCall, Translation } from '../translation.ts';
import { anthropicMessage } from './answer.ts';
import { chatRequestOf } from './request.ts';
import { AnthropicEvents } from './stream.ts';

/**
 * Anthropic's messages at a provider that speaks chat completions. Chat completions never tell which stop sequence ended an
 * answer, unless the server has the word for it (vLLM): there it ends as if it had been complete.
 */
export const anthropicToOpenAiChat: Translation = { from: 'anthropic-messages', to: 'openai-chat', translate };

function translate(body: JsonObject, _wallMs?: number, provider = ''): TranslatedCall {
  const request = chatRequestOf(body);
  return {
    body: withoutAbsent(encodeOpenAiChat(request, provider)),
    answer: (json) => anthropicMessage(json, request),
    stream: () => new AnthropicEvents(request.stop),
  };
}
