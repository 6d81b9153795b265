import { objectAt, textAt } from '../codecs/json-fields.ts';
import { chatCompletion } from './openai-chat-to-anthropic-answer.ts';
import { checkFields } from './openai-chat-to-anthropic-fields.ts';
import { answerForm } from './openai-chat-to-anthropic-form.ts';
import { anthropicRequest } from './openai-chat-to-anthropic-request.ts';
import { ChatCompletionChunks } from './openai-chat-to-anthropic-stream.ts';
import type { Translation } from './translation.ts';

/** The caller speaks chat completions, the provider Anthropic's messages. */
export const openAiChatToAnthropic: Translation = {
  from: 'openai-chat',
  to: 'anthropic-messages',
  translate(body, wallMs = 0) {
    checkFields(body);
    const form = answerForm(body);
    const includeUsage = objectAt(body, 'stream_options')?.['include_usage'] === true;
    return {
      body: anthropicRequest(body, form),
      answer: (json) => chatCompletion(json, form, wallMs),
      stream: () => new ChatCompletionChunks({ answerTool: textAt(form.tool, 'name'), includeUsage, createdMs: wallMs }),
    };
  },
};
