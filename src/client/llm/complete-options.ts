import type { z } from 'zod';
import type { ChatRequest, ChatTool, JsonObject, ToolChoice } from '../../domain/chat.ts';
import { checkCallOptions } from './check-options.ts';
import { type Conversation, messagesOf } from './message.ts';
import { answerSchemaOf } from './structured-answer.ts';

/** How a completion is asked for; every field may be left out. */
export interface CompleteOptions<S extends z.ZodType | undefined = z.ZodType | undefined> {
  /** A model of the client; default: whichever the free key serves. */
  readonly model?: string | undefined;
  /** Longest answer; default: the configuration's, else the provider's (Anthropic: 1024). */
  readonly maxTokens?: number | undefined;
  /** 0 is 0. Default: the configuration's, else the provider's. */
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  /** Texts at which the answer ends. */
  readonly stop?: string | readonly string[] | undefined;
  readonly tools?: readonly ChatTool[] | undefined;
  readonly toolChoice?: ToolChoice | undefined;
  /** The answer as an object of this zod schema, checked: `parsed` of the response. */
  readonly schema?: S;
  /** What the provider is told that the object is called; default `answer`. */
  readonly schemaName?: string | undefined;
  /** Gives the call up, waiting or running. */
  readonly signal?: AbortSignal | undefined;
  /** Whole number from −10 to 10, higher first; default 0. */
  readonly priority?: number | undefined;
  /** Who it is for: tenants share fairly. */
  readonly tenant?: string | undefined;
  /** When the answer is of no more use; a Date or epoch milliseconds. */
  readonly deadline?: Date | number | undefined;
  /** Fields of the provider's own, sent as they are. */
  readonly [field: string]: unknown;
}

/** What a configuration says where a call doesn't. */
export interface CallDefaults {
  readonly temperature?: number | undefined;
  readonly maxTokens?: number | undefined;
}

/** Options that are ours; whatever else is given goes to the provider. */
const OWN = new Set([
  'model',
  'maxTokens',
  'temperature',
  'topP',
  'stop',
  'tools',
  'toolChoice',
  'schema',
  'schemaName',
  'signal',
  'priority',
  'tenant',
  'deadline',
]);

/** Throws `InvalidRequest` for a conversation that is none, and for options of the wrong kind. */
export function chatRequestOf(conversation: Conversation, options: CompleteOptions, defaults: CallDefaults, stream: boolean): ChatRequest {
  checkCallOptions(options);
  const extra: JsonObject = Object.fromEntries(Object.entries(options).filter(([name, value]) => !OWN.has(name) && value !== undefined));
  const { stop } = options;
  return {
    messages: messagesOf(conversation),
    model: options.model,
    maxTokens: options.maxTokens ?? defaults.maxTokens,
    temperature: options.temperature ?? defaults.temperature,
    topP: options.topP,
    stop: typeof stop === 'string' ? [stop] : stop,
    tools: options.tools,
    toolChoice: options.toolChoice,
    answerSchema: options.schema && answerSchemaOf(options.schema, options.schemaName),
    stream,
    extra: Object.keys(extra).length > 0 ? extra : undefined,
  };
}
