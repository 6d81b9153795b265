import { expect, it } from 'vitest';
import { InvalidRequest } from '../../src/domain/errors.ts';
import { gatewayError } from '../../src/gateway/http/gateway-error.ts';

it('tells callers nothing of what nobody foresaw, and of everything else what it is', () => {
  const error = new Error('connect ECONNREFUSED 10.0.0.5:5432 as headgate/secret');
  for (const format of ['openai-chat', 'anthropic-messages'] as const) {
    const { status, text, headers } = gatewayError(error, format);
    expect(status).toBe(500);
    expect(text).toContain('internal_error');
    expect(text).not.toMatch(/10\.0\.0\.5|secret/);
    expect(headers['x-should-retry']).toBe('false');
  }
  expect(gatewayError(new InvalidRequest('No such field.', 'x'), 'openai-chat')).toMatchObject({ status: 400 });
});
