import type { WireFormatName } from '../../domain/wire-format.ts';
import { anthropicMessagesCodec } from './anthropic-messages.ts';
import type { ChatCodec } from './chat-codec.ts';
import { openAiChatCodec } from './openai-chat.ts';

/** The codec of the first of these formats that is one for chats; undefined where none is. */
export function codecFor(formats: readonly WireFormatName[]): ChatCodec | undefined {
  const codecs = [openAiChatCodec, anthropicMessagesCodec];
  return formats.map((format) => codecs.find((codec) => codec.format === format)).find((codec) => codec !== undefined);
}
