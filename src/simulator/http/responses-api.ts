import type { ResponseKind, SimulatedScript } from '../request-script.ts';
import type { ApiAnswer, ApiContext, ApiProblem, ApiReply, ApiRequest, ErrorOutcome } from './api-answer.ts';
import { expectedAnswer, firstToolName } from './expected-answer.ts';
import { tokensOfCharacters } from './filler-text.ts';
import type { JsonObject } from './json-object.ts';
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

const MOST_EVENTS = 32;

interface ResponsePlan {
  readonly context: ApiContext;
  readonly model: string;
  readonly inputTokens: number;
  readonly maxTokens: number | undefined;
  readonly kind: ResponseKind;
  readonly toolName: string;
  readonly cachedTokens: number;
  readonly output: PlannedOutput;
}

function usage({ inputTokens, cachedTokens }: ResponsePlan, outputTokens: number): object {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedTokens, cache_write_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

function incompleteReason(kind: ResponseKind): string | undefined {
  if (kind === 'length') return 'max_output_tokens';
  return kind === 'content_filter' ? 'content_filter' : undefined;
}

/** The `response` object in one of its states. */
function responseObject(plan: ResponsePlan, status: string, output: readonly object[], more: object = {}): object {
  return {
    id: `resp_${plan.context.id}`,
    object: 'response',
    created_at: plan.context.created,
    status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: plan.maxTokens ?? null,
    model: plan.model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: 'default',
    store: false,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: null,
    metadata: {},
    ...more,
  };
}

function contentPart(kind: ResponseKind, text: string): object {
  return kind === 'refusal' ? { type: 'refusal', refusal: text } : { type: 'output_text', text, annotations: [], logprobs: [] };
}

function callArguments(plan: ResponsePlan, text: string): string {
  return plan.output.scripted ? text : JSON.stringify({ query: text });
}

function outputItem(plan: ResponsePlan, status: string, text: string | undefined): object {
  const { id } = plan.context;
  if (plan.kind === 'tool_call') {
    const call = text === undefined ? '' : callArguments(plan, text);
    return { type: 'function_call', id: `fc_${id}`, call_id: `call_${id}`, name: plan.toolName, arguments: call, status };
  }
  const content = text === undefined ? [] : [contentPart(plan.kind, text)];
  return { type: 'message', id: `msg_${id}`, status, role: 'assistant', content };
}

function finished(plan: ResponsePlan, outputTokens: number): object {
  const reason = incompleteReason(plan.kind);
  const status = reason ? 'incomplete' : 'completed';
  const item = outputItem(plan, status, plan.output.text.raw(0, outputTokens));
  const incomplete = reason ? { reason } : null;
  return responseObject(plan, status, [item], { usage: usage(plan, outputTokens), incomplete_details: incomplete });
}

function failed(plan: ResponsePlan, { message, code }: ErrorOutcome): object {
  return responseObject(plan, 'failed', [], { error: { code: code ?? 'server_error', message } });
}

function responsesAnswer(plan: ResponsePlan): ApiAnswer {
  const { id } = plan.context;
  const isCall = plan.kind === 'tool_call';
  const place = isCall ? { item_id: `fc_${id}`, output_index: 0 } : { item_id: `msg_${id}`, output_index: 0, content_index: 0 };
  const deltaType = isCall ? 'function_call_arguments' : plan.kind === 'refusal' ? 'refusal' : 'output_text';
  let sequence = 0;
  const event = (type: string, fields: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...fields })}\n\n`;
  const delta = (text: string) => event(`response.${deltaType}.delta`, { ...place, delta: text });
  const frame = (text: string) => (plan.output.scripted ? '' : delta(text));
  const created = () => event('response.created', { response: responseObject(plan, 'in_progress', []) });
  return {
    whole: (outputTokens) => JSON.stringify(finished(plan, outputTokens)),
    begin() {
      const response = responseObject(plan, 'in_progress', []);
      const opened =
        created() +
        event('response.in_progress', { response }) +
        event('response.output_item.added', { output_index: 0, item: outputItem(plan, 'in_progress', undefined) });
      return opened + (isCall ? frame('{"query":"') : event('response.content_part.added', { ...place, part: contentPart(plan.kind, '') }));
    },
    portion(from, to) {
      const step = Math.max(1, Math.ceil((to - from) / MOST_EVENTS));
      let events = '';
      for (let at = from; at < to; at += step) events += delta(plan.output.text.raw(at, Math.min(at + step, to)));
      return events;
    },
    end(outputTokens) {
      const text = plan.output.text.raw(0, outputTokens);
      const reason = incompleteReason(plan.kind);
      const done = isCall
        ? frame('"}') + event('response.function_call_arguments.done', { ...place, arguments: callArguments(plan, text) })
        : event(`response.${deltaType}.done`, { ...place, [plan.kind === 'refusal' ? 'refusal' : 'text']: text }) +
          event('response.content_part.done', { ...place, part: contentPart(plan.kind, text) });
      const item = outputItem(plan, reason ? 'incomplete' : 'completed', text);
      return (
        done +
        event('response.output_item.done', { output_index: 0, item }) +
        event(`response.${reason ? 'incomplete' : 'completed'}`, { response: finished(plan, outputTokens) })
      );
    },
    streamError: (outcome, begun) =>
      (begun ? '' : created()) +
      event('error', { code: outcome.code ?? 'server_error', message: outcome.message, param: null }) +
      event('response.failed', { response: failed(plan, outcome) }),
    bodyError: (outcome) => JSON.stringify(failed(plan, outcome)),
  };
}

/** Reads a body of `POST /v1/responses`. */
export function responsesRequest(body: JsonObject, context: ApiContext, preset?: SimulatedScript): ApiRequest | ApiProblem {
  const { model, input } = body;
  if (typeof model !== 'string' || model === '') return badRequest('you must provide a model parameter', 'model');
  if (typeof input !== 'string' && !(Array.isArray(input) && input.length > 0))
    return badRequest("Missing required parameter: 'input'.", 'input');
  const maxTokens = maxTokensOf(body, ['max_output_tokens']);
  if (typeof maxTokens === 'object') return maxTokens;
  const given = preset ?? scriptOf(body, input);
  if (isProblem(given)) return given;
  const script = expectedAnswer(body, given);
  const output = plannedOutput(script, maxTokens, context);
  const inputTokens = tokensOfCharacters(textLength(input) + textLength(body['instructions']) + toolsLength(body['tools']));
  const cachedTokens = Math.min(script.cachedTokens ?? 0, inputTokens);
  const kind = output.cut ? 'length' : (script.kind ?? 'answer');
  const plan: ResponsePlan = { context, model, inputTokens, maxTokens, kind, toolName: firstToolName(body['tools']), cachedTokens, output };
  const { fault, headersMs } = script;
  const stream = body['stream'] === true;
  return {
    call: { model, inputTokens, maxOutputTokens: maxTokens, outputTokens: output.tokens, stream, fault, headersMs },
    answer: responsesAnswer(plan),
  };
}

/** Reads a body of `POST /v1/responses/input_tokens`. */
export function inputTokens(body: JsonObject): ApiReply {
  const tokens = tokensOfCharacters(textLength(body['input']) + textLength(body['instructions']) + toolsLength(body['tools']));
  return { reply: `{"object":"response.input_tokens","input_tokens":${tokens}}` };
}
