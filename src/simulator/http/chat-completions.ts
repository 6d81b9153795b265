import type { ResponseKind, SimulatedScript } from '../request-script.ts';
import type { ApiAnswer, ApiContext, ApiProblem, ApiRequest, ErrorOutcome } from './api-answer.ts';
import { expectedAnswer, firstToolName } from './expected-answer.ts';
import { tokensOfCharacters } from './filler-text.ts';
import { isObject, type JsonObject } from './json-object.ts';
import {
  badRequest,
  isProblem,
  maxTokensOf,
  type PlannedOutput,
  plannedOutput,
  scriptOf,
  textLength,
  toolsLength,
} from './request-fields.ts';

/** At most so many events per portion: a portion's tokens share them. */
const MOST_EVENTS = 32;

interface ChatPlan {
  readonly context: ApiContext;
  /** The model's name as JSON. */
  readonly model: string;
  readonly inputTokens: number;
  readonly kind: ResponseKind;
  /** As JSON. */
  readonly toolName: string;
  readonly includeUsage: boolean;
  readonly cachedTokens: number;
  readonly output: PlannedOutput;
}

/** Azure's streams begin with the filter's verdict on the prompt, in a chunk without choices. */
const PROMPT_FILTER =
  'data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}\n\n';

/** What stands around filler that has to be the arguments of a tool call. */
const ARGUMENTS = ['{\\"query\\":\\"', '\\"}'] as const;

function argumentFrame({ output }: ChatPlan): readonly [string, string] {
  return output.scripted ? ['', ''] : ARGUMENTS;
}

function usageJson({ inputTokens, cachedTokens }: ChatPlan, outputTokens: number): string {
  return (
    `{"prompt_tokens":${inputTokens},"completion_tokens":${outputTokens},"total_tokens":${inputTokens + outputTokens},` +
    `"prompt_tokens_details":{"cached_tokens":${cachedTokens},"cache_write_tokens":0,"audio_tokens":0},` +
    '"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}'
  );
}

function finishReason(kind: ResponseKind): string {
  switch (kind) {
    case 'tool_call':
      return 'tool_calls';
    case 'length':
    case 'content_filter':
      return kind;
    default:
      return 'stop';
  }
}

function messageJson(plan: ChatPlan, outputTokens: number): string {
  const text = plan.output.text.json(0, outputTokens);
  if (plan.kind === 'refusal') return `{"role":"assistant","content":null,"refusal":"${text}"}`;
  if (plan.kind !== 'tool_call') return `{"role":"assistant","content":"${text}","refusal":null}`;
  const [open, close] = argumentFrame(plan);
  const call = `{"id":"call_${plan.context.id}","type":"function","function":{"name":${plan.toolName},"arguments":"${open}${text}${close}"}}`;
  return `{"role":"assistant","content":null,"refusal":null,"tool_calls":[${call}]}`;
}

/** Writes `chat.completion` and `chat.completion.chunk` objects by hand: nothing in them needs escaping but the names. */
function chatAnswer(plan: ChatPlan): ApiAnswer {
  const { id, created } = plan.context;
  const usageNull = plan.includeUsage ? ',"usage":null' : '';
  const start = `{"id":"chatcmpl-${id}","object":"chat.completion`;
  const common = `"created":${created},"model":${plan.model},"service_tier":"default","system_fingerprint":"fp_simulated"`;
  const chunk = (delta: string, finish = 'null') =>
    `data: ${start}.chunk",${common},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]${usageNull}}\n\n`;
  const filter = plan.context.dialect === 'azure' ? PROMPT_FILTER : '';
  const [open, close] = argumentFrame(plan);
  const piece = (text: string) => {
    if (plan.kind === 'refusal') return chunk(`{"refusal":"${text}"}`);
    return chunk(plan.kind === 'tool_call' ? `{"tool_calls":[{"index":0,"function":{"arguments":"${text}"}}]}` : `{"content":"${text}"}`);
  };
  return {
    whole: (outputTokens) =>
      `${start}",${common},"choices":[{"index":0,"message":${messageJson(plan, outputTokens)},"logprobs":null,` +
      `"finish_reason":"${finishReason(plan.kind)}"}],"usage":${usageJson(plan, outputTokens)}}`,
    begin() {
      if (plan.kind === 'refusal') return chunk('{"role":"assistant","refusal":""}');
      if (plan.kind !== 'tool_call') return filter + chunk('{"role":"assistant","content":""}');
      const call = `{"index":0,"id":"call_${id}","type":"function","function":{"name":${plan.toolName},"arguments":""}}`;
      return filter + chunk(`{"role":"assistant","content":null,"tool_calls":[${call}]}`) + (open && piece(open));
    },
    portion(from, to) {
      const step = Math.max(1, Math.ceil((to - from) / MOST_EVENTS));
      let events = '';
      for (let at = from; at < to; at += step) events += piece(plan.output.text.json(at, Math.min(at + step, to)));
      return events;
    },
    end(outputTokens) {
      const last = (plan.kind === 'tool_call' && close ? piece(close) : '') + chunk('{}', `"${finishReason(plan.kind)}"`);
      const usage = plan.includeUsage ? `data: ${start}.chunk",${common},"choices":[],"usage":${usageJson(plan, outputTokens)}}\n\n` : '';
      return `${last}${usage}data: [DONE]\n\n`;
    },
    streamError: (outcome) => `data: ${errorJson(outcome)}\n\n`,
    bodyError: errorJson,
  };
}

function errorJson({ message, code }: ErrorOutcome): string {
  const type = code === 'rate_limit_exceeded' ? 'requests' : 'server_error';
  return JSON.stringify({ error: { message, type, param: null, code } });
}

/** Reads a body of `POST /v1/chat/completions`. */
export function chatCompletion(body: JsonObject, context: ApiContext, preset?: SimulatedScript): ApiRequest | ApiProblem {
  const { model, messages } = body;
  if (typeof model !== 'string' || model === '') return badRequest('you must provide a model parameter', 'model');
  if (!Array.isArray(messages) || messages.length === 0) return badRequest("Missing required parameter: 'messages'.", 'messages');
  if (!messages.every((message) => isObject(message) && typeof message['role'] === 'string')) {
    return badRequest("Invalid 'messages': each must be an object with a role.", 'messages');
  }
  if (body['n'] !== undefined && body['n'] !== 1) return badRequest("The simulated provider makes one choice; leave 'n' out.", 'n');
  const maxTokens = maxTokensOf(body, ['max_completion_tokens', 'max_tokens']);
  if (typeof maxTokens === 'object') return maxTokens;
  const given = preset ?? scriptOf(body, messages);
  if (isProblem(given)) return given;
  const script = expectedAnswer(body, given);
  const output = plannedOutput(script, maxTokens, context);
  const stream = body['stream'] === true;
  const options = body['stream_options'];
  const inputTokens = tokensOfCharacters(textLength(messages) + toolsLength(body['tools']));
  const plan: ChatPlan = {
    context,
    model: JSON.stringify(model),
    inputTokens,
    kind: output.cut ? 'length' : (script.kind ?? 'answer'),
    toolName: JSON.stringify(firstToolName(body['tools'])),
    includeUsage: stream && isObject(options) && options['include_usage'] === true,
    cachedTokens: Math.min(script.cachedTokens ?? 0, inputTokens),
    output,
  };
  const { fault, headersMs } = script;
  return {
    call: { model, inputTokens, maxOutputTokens: maxTokens, outputTokens: output.tokens, stream, fault, headersMs },
    answer: chatAnswer(plan),
  };
}
