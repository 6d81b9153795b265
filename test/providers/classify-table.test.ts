import { describe, expect, it } from 'vitest';
import { rowFor } from '../../src/providers/classify-error.ts';
import { classifyReply, type Verdict } from '../../src/providers/classify-reply.ts';
import { errorOf } from '../../src/providers/error-fields.ts';
import { ERROR_TABLE } from '../../src/providers/error-table.ts';
import { httpReply } from '../../src/providers/http-reply.ts';
import { retryWaitMs } from '../../src/providers/retry-wait.ts';
import { type Example, NOW } from './classify-bodies.ts';
import { OTHER_EXAMPLES } from './classify-examples.ts';
import { REFUSAL_EXAMPLES } from './classify-refusals.ts';

const EXAMPLES = [...OTHER_EXAMPLES, ...REFUSAL_EXAMPLES];

function replyOf({ status, headers, body }: Example) {
  return httpReply(status, headers ?? {}, typeof body === 'string' ? body : JSON.stringify(body));
}

describe('the table of errors', () => {
  it.each(EXAMPLES.map((example) => [`${example.row}: ${example.who}`, example] as const))('%s', (_name, example) => {
    const reply = replyOf(example);
    const { message, ...verdict } = classifyReply(reply, NOW) as Exclude<Verdict, { kind: 'completed' }>;
    expect(verdict).toEqual(example.verdict);
    expect(message).not.toBe('');
    const error = { status: reply.status, headers: reply.headers, fields: errorOf(reply) };
    expect(rowFor(error, retryWaitMs(reply.headers, error.fields, NOW)).name).toBe(example.row);
  });

  it('has no row without an example', () => {
    const shown = new Set(EXAMPLES.map(({ row }) => row));
    expect(ERROR_TABLE.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
  });

  it('names each row once', () => {
    expect(new Set(ERROR_TABLE.map(({ name }) => name)).size).toBe(ERROR_TABLE.length);
  });
});
