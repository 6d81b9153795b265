import type { BatchProblem } from '../../../domain/batch-store.ts';
import type { WorkEndpoint } from '../../../domain/request-journal.ts';
import type { IdSet } from '../../../lib/id-set.ts';
import { MOST_LEVELS, nestsTooDeep } from '../../http/json-body.ts';
import { checkBody, isJsonObject, isStorable } from '../check-body.ts';
import type { FileLine } from './lines.ts';

/** A line that can be run. */
export interface CheckedLine {
  readonly line: number;
  readonly customId: string;
  readonly model: string;
  /** JSON as text. */
  readonly body: string;
}

export interface LineRules {
  readonly endpoint: WorkEndpoint;
  /** Whether the batch's owner may name a model. */
  readonly offers: (model: string) => boolean;
  /** The `custom_id`s so far; a good line's is added. */
  readonly customIds: IdSet;
}

const LONGEST_ID = 512;

/** Reads a line of a batch in OpenAI's form: `custom_id`, `method`, `url`, `body`. Undefined for a blank one. */
export function checkLine({ number, text }: FileLine, { endpoint, offers, customIds }: LineRules): CheckedLine | BatchProblem | undefined {
  const problem = (code: string, message: string, param?: string): BatchProblem => ({ code, message, line: number, param });
  if (text === undefined) return problem('line_too_long', 'The line is longer than a call may be.');
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return problem('invalid_json_line', 'The line is not valid JSON.');
  }
  if (nestsTooDeep(value)) return problem('invalid_json_line', `The line nests lists and objects more than ${MOST_LEVELS} levels deep.`);
  if (!isJsonObject(value)) return problem('invalid_json_line', 'The line is no JSON object.');
  const { custom_id: customId, method, url, body } = value;
  if (typeof customId !== 'string' || customId === '' || customId.length > LONGEST_ID || !isStorable(customId))
    return problem('invalid_custom_id', `'custom_id' must be a text of 1 to ${LONGEST_ID} characters.`, 'custom_id');
  if (method !== 'POST') return problem('invalid_method', "'method' must be 'POST'.", 'method');
  if (url !== endpoint) return problem('invalid_url', `'url' must be the endpoint of the batch, '${endpoint}'.`, 'url');
  const checked = checkBody(body, offers);
  if ('code' in checked) return problem(checked.code, checked.message, checked.param === 'body' ? 'body' : `body.${checked.param}`);
  const before = customIds.add(customId, number);
  if (before !== undefined)
    return problem('duplicate_custom_id', `'custom_id' is that of line ${before}; each must be given once.`, 'custom_id');
  return { line: number, customId, model: checked.model, body: JSON.stringify(body) };
}
