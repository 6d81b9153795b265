import { describe, expect, it } from 'vitest';
import { type InputFormat, interpretLine } from '../../src/cli/batch/interpret-line.ts';

function interpret(text: string, model: string | undefined = 'm', format: InputFormat = 'jsonl') {
  const line = { number: 7, text, bytes: text.length, start: 0, isEnded: true, isTooLong: false };
  return interpretLine(line, { format, model });
}

const hi = [{ role: 'user', content: 'hi' }];

describe('a line of the input', () => {
  it("may be in OpenAI's Batch format", () => {
    const text = JSON.stringify({
      custom_id: 'x',
      method: 'POST',
      url: '/v1/embeddings',
      body: { model: 'e', input: 'a' },
      priority: -3,
      tenant: 't',
    });
    expect(interpret(text)).toEqual({
      id: 'x',
      line: 7,
      model: 'e',
      path: '/embeddings',
      body: { model: 'e', input: 'a' },
      priority: -3,
      tenant: 't',
    });
  });

  it('may be a prompt or messages; what is not ours goes to the provider', () => {
    expect(interpret('{"prompt":"hi","id":5,"max_tokens":9,"temperature":0}')).toEqual({
      id: '5',
      line: 7,
      model: 'm',
      path: '/chat/completions',
      body: { model: 'm', max_tokens: 9, temperature: 0, messages: hi },
      isPlain: true,
      priority: undefined,
      tenant: undefined,
    });
    expect(interpret(JSON.stringify({ messages: hi, model: 'own' }))).toMatchObject({
      id: 'line-7',
      model: 'own',
      body: { model: 'own', messages: hi },
    });
  });

  it('may be bare text', () => {
    expect(interpret('{"prompt": "not JSON here"}', 'm', 'txt')).toMatchObject({
      id: 'line-7',
      body: { messages: [{ content: '{"prompt": "not JSON here"}' }] },
    });
  });

  it('may be blank', () => {
    expect(interpret('  ')).toBeUndefined();
    expect(interpret('', 'm', 'txt')).toBeUndefined();
  });

  it.each([
    ['no JSON', '{"prompt": "a"', 'no JSON'],
    ['no object', '[1]', 'Expected a JSON object'],
    ['null', 'null', 'Expected a JSON object'],
    ['neither prompt nor messages', '{"id":"a"}', 'has neither'],
    ['both', '{"prompt":"a","messages":[]}', 'both'],
    ['a prompt of numbers', '{"prompt":[1]}', "'prompt' is [1]"],
    ['no messages', '{"messages":[]}', "'messages' is []"],
    ['a body that is no object', '{"custom_id":"a","body":"x"}', "'body' is no object"],
    ['another method', '{"custom_id":"a","method":"GET","body":{}}', '\'method\' is "GET"'],
    ['a URL of another host', '{"custom_id":"a","url":"http://else/v1","body":{}}', "'url' is"],
    ['an empty id', '{"id":"","prompt":"a"}', 'The id is ""'],
    ['a stream', '{"prompt":"a","stream":true}', "'stream' is true"],
    ['a priority out of range', '{"prompt":"a","priority":11}', "'priority' is 11"],
    ['a tenant that is no text', '{"prompt":"a","tenant":4}', "'tenant' is 4"],
    ['a model that is no text', '{"prompt":"a","model":4}', "'model' is 4"],
  ])('is refused by its number when it has %s', (_what, text, problem) => {
    expect(interpret(text)).toMatchObject({ id: 'line-7', line: 7, problem: expect.stringContaining(problem) as string });
  });

  it('is refused when nobody names a model', () => {
    const line = { number: 1, text: '{"prompt":"a"}', bytes: 14, start: 0, isEnded: true, isTooLong: false };
    expect(interpretLine(line, { format: 'jsonl', model: undefined })).toMatchObject({
      problem: expect.stringContaining('--model') as string,
    });
    expect(interpretLine({ ...line, isTooLong: true, bytes: 99 }, { format: 'jsonl', model: 'm' })).toMatchObject({
      problem: expect.stringMatching(/99 bytes long; a line may have 33554432 \(32 MiB\)/) as string,
    });
  });
});
