import { objectAt, textAt } from '../../codecs/json-fields.ts';
import { refuseOthers } from '../known-fields.ts';
import type { Translation } from '../translation.ts';
import { chatCompletion } from './answer.ts';
import { answerForm } from './answer-form.ts';
import { checkFields } from './fields.ts';
import { anthropicRequest } from './request.ts';
import { ChatCompletionChunks } from './stream.ts';

/** The caller speaks chat completions, the provider Anthropic's messages. */
export const openAiChatToAnthropic: Translation = {
  from: 'openai-chat',
  to: 'anthropic-messages',
  translate(body, wallMs = 0) {
    checkFields(body);
    const form = answerForm(body);
    const options = objectAt(body, 'stream_options') ?? {};
    // What pads events is for nobody to miss.
    refuseOthers(options, ['include_usage', 'include_obfuscation'], 'stream_options');
    const includeUsage = options['include_usage'] === true;
    return {
      body: anthropicRequest(body, form),
      answer: (json) => chatCompletion(json, form, wallMs),
      stream: () => new ChatCompletionChunks({ answerTool: textAt(form.tool, 'name'), includeUsage, createdMs: wallMs }),
    };
  },
};
