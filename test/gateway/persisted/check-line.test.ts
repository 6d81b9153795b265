import { expect, it } from 'vitest';
import { checkLine } from '../../../src/gateway/persisted/batches/check-line.ts';
import { IdSet } from '../../../src/lib/id-set.ts';

it('refuses a line that nests deeper than anything could go through it', () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const text = `{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt","messages":${deep}}}`;
  const rules = { endpoint: '/v1/chat/completions' as const, offers: () => true, customIds: new IdSet() };
  expect(checkLine({ number: 1, text }, rules)).toMatchObject({ code: 'invalid_json_line', message: expect.stringContaining('deep') });
});
