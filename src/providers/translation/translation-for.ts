import type { WireFormatName } from '../provider.ts';
import { chained } from './chained.ts';
import { openAiChatToAnthropic } from './chat-to-messages/openai-chat-to-anthropic.ts';
import { anthropicToOpenAiChat } from './messages-to-chat/anthropic-to-openai-chat.ts';
import { openAiResponsesToChat } from './responses-to-chat/openai-responses-to-chat.ts';
import type { Translation } from './translation.ts';

/** The nearest first: what is translated twice loses twice. */
const TRANSLATIONS: readonly Translation[] = [
  openAiChatToAnthropic,
  anthropicToOpenAiChat,
  openAiResponsesToChat,
  chained(openAiResponsesToChat, openAiChatToAnthropic),
];

/** How a call of the format `from` is made where only `spoken` are; undefined: it can't be. */
export function translationFor(from: WireFormatName, spoken: readonly WireFormatName[]): Translation | undefined {
  return TRANSLATIONS.find((translation) => translation.from === from && spoken.includes(translation.to));
}
