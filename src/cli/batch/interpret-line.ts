import { type BatchRequest, type InvalidLine, isInvalid } from './batch-request.ts';
import { type Line, MAX_LINE_BYTES } from './read-lines.ts';

/** `jsonl`: one JSON object a line. `txt`: one prompt a line. */
export type InputFormat = 'jsonl' | 'txt';

/** What a line doesn't say itself. */
export interface LineDefaults {
  readonly format: InputFormat;
  readonly model: string | undefined;
  /** Why a request can't be sent where this run sends them; undefined: it can. Default: every one can. */
  readonly problemOf?: ((request: BatchRequest) => string | undefined) | undefined;
}

type JsonObject = Readonly<Record<string, unknown>>;

const CHAT = '/chat/completions';
const MOST_PRIORITY = 10;
/** Fields of ours in a line that isn't in the Batch format; everything else goes to the provider as it is. */
const OWN_FIELDS = new Set(['id', 'custom_id', 'prompt', 'messages', 'priority', 'tenant']);

/**
 * Reads one line: OpenAI's Batch format (`custom_id`, `method`, `url`, `body`), an object with `prompt` or `messages`,
 * or a bare prompt. Undefined for a blank line.
 */
export function interpretLine(line: Line, defaults: LineDefaults): BatchRequest | InvalidLine | undefined {
  const read = readLine(line, defaults);
  if (read === undefined || isInvalid(read)) return read;
  const problem = defaults.problemOf?.(read);
  return problem === undefined ? read : { id: read.id, line: read.line, problem };
}

function readLine(line: Line, defaults: LineDefaults): BatchRequest | InvalidLine | undefined {
  if (line.isTooLong)
    return invalid(
      line,
      `The line is ${line.bytes} bytes long; a line may have ${MAX_LINE_BYTES} (32 MiB). Shorten the request, or name pictures by their URL.`,
    );
  if (line.text.trim() === '') return undefined;
  if (defaults.format === 'txt') return plain(request(line, {}, CHAT, chatBody(line.text), defaults));
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch (error) {
    return invalid(line, `The line is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(value)) return invalid(line, 'Expected a JSON object.');
  return 'body' in value ? batchLine(line, value, defaults) : plainLine(line, value, defaults);
}

function batchLine(line: Line, value: JsonObject, defaults: LineDefaults): BatchRequest | InvalidLine {
  const { method = 'POST', url = `/v1${CHAT}`, body } = value;
  if (method !== 'POST') return invalid(line, `'method' is ${shown(method)}; expected 'POST'.`);
  if (typeof url !== 'string' || !/^\/[\w./-]*$/.test(url))
    return invalid(line, `'url' is ${shown(url)}; expected a path such as '/v1${CHAT}'.`);
  if (!isObject(body)) return invalid(line, "'body' is no object; expected the request's own body.");
  return request(line, value, url.replace(/^\/v1(?=\/)/, ''), body, defaults);
}

function plainLine(line: Line, value: JsonObject, defaults: LineDefaults): BatchRequest | InvalidLine {
  const { prompt, messages } = value;
  if (prompt !== undefined && messages !== undefined)
    return invalid(line, "The line has both 'prompt' and 'messages'; expected one of them.");
  const rest = Object.fromEntries(Object.entries(value).filter(([name]) => !OWN_FIELDS.has(name)));
  if (typeof prompt === 'string') return plain(request(line, value, CHAT, { ...rest, ...chatBody(prompt) }, defaults));
  if (Array.isArray(messages) && messages.length > 0) return plain(request(line, value, CHAT, { ...rest, messages }, defaults));
  const found =
    prompt !== undefined
      ? `'prompt' is ${shown(prompt)}`
      : messages !== undefined
        ? `'messages' is ${shown(messages)}`
        : 'The line has neither';
  return invalid(line, `${found}; expected 'prompt' (a text), 'messages' (a list) or 'body' (the Batch format).`);
}

function request(line: Line, value: JsonObject, path: string, body: JsonObject, defaults: LineDefaults): BatchRequest | InvalidLine {
  const id = value['custom_id'] ?? value['id'] ?? `line-${line.number}`;
  const { priority, tenant } = value;
  const model = body['model'] ?? defaults.model;
  if (!(typeof id === 'string' && id !== '') && typeof id !== 'number') return invalid(line, `The id is ${shown(id)}; expected a text.`);
  if (model === undefined) return invalid(line, 'The line names no model and none was given with --model.');
  if (typeof model !== 'string' || model === '') return invalid(line, `'model' is ${shown(model)}; expected a name.`);
  if (body['stream'] === true) return invalid(line, "'stream' is true; a batch takes whole answers only.");
  if (priority !== undefined && !isPriority(priority)) {
    return invalid(line, `'priority' is ${shown(priority)}; expected a whole number from -${MOST_PRIORITY} to ${MOST_PRIORITY}.`);
  }
  if (tenant !== undefined && typeof tenant !== 'string') return invalid(line, `'tenant' is ${shown(tenant)}; expected a text.`);
  return { id: String(id), line: line.number, model, path, body: 'model' in body ? body : { model, ...body }, priority, tenant };
}

function plain(read: BatchRequest | InvalidLine): BatchRequest | InvalidLine {
  return isInvalid(read) ? read : { ...read, isPlain: true };
}

function chatBody(prompt: string): JsonObject {
  return { messages: [{ role: 'user', content: prompt }] };
}

function invalid(line: Line, problem: string): InvalidLine {
  return { id: `line-${line.number}`, line: line.number, problem };
}

function isPriority(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= MOST_PRIORITY;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
