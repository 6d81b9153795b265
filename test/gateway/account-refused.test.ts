import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';

const KEY = 'upstream-key-with-wxyz';
const LEAKS = /wxyz|org-operator/;

/** A provider that refuses every call, in words that tell of its customer. */
async function refusingProvider(status: number, code: string): Promise<string> {
  const message = `Refused: ${KEY} of organization org-operator.`;
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/json', 'x-organization': 'org-operator' });
      response.end(JSON.stringify({ type: 'error', error: { message, type: code, code } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function gatewayBefore(provider: string) {
  const gateway = await createGateway(
    {
      models: {
        gpt: { deployments: [{ provider: 'openai', baseUrl: `${provider}/v1`, apiKey: KEY }] },
        claude: { deployments: [{ provider: 'anthropic', baseUrl: provider, apiKey: KEY }] },
      },
      gateway: { database: 'sqlite::memory:' },
      telemetry: { sink: 'none' },
    },
    { env: {} },
  );
  onTestFinished(() => gateway.close({ deadlineMs: 100 }));
  return gateway;
}

const CALL = { model: 'gpt', max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] };

describe("a provider that refuses the gateway's own account", () => {
  it.each([
    [401, 'invalid_api_key'],
    [403, 'permission_denied'],
    [429, 'insufficient_quota'],
  ])('is no 401 of the caller, and tells it nothing of the account: %i %s', async (status, code) => {
    const { app } = await gatewayBefore(await refusingProvider(status, code));
    for (const [path, model] of [
      ['/v1/chat/completions', 'gpt'],
      ['/v1/messages', 'claude'],
      ['/v1/messages', 'gpt'],
    ]) {
      const answer = await app.inject({ method: 'POST', url: path, payload: { ...CALL, model } });
      expect([502, 503]).toContain(answer.statusCode);
      expect(answer.headers['x-should-retry']).toBe('false');
      expect(`${JSON.stringify(answer.headers)} ${answer.payload}`).not.toMatch(LEAKS);
    }
  });

  it('is not quoted to whoever handed a call in', async () => {
    const gateway = await gatewayBefore(await refusingProvider(401, 'invalid_api_key'));
    await gateway.listen({ port: 0 });
    const { id } = (await gateway.app.inject({ method: 'POST', url: '/v1/requests', payload: { body: CALL } })).json<{ id: string }>();
    await gateway.app.inject({ url: `/v1/requests/${id}/events` });
    const { payload } = await gateway.app.inject({ url: `/v1/requests/${id}` });
    expect(JSON.parse(payload)).toMatchObject({ status: 'failed' });
    expect(payload).not.toMatch(LEAKS);
  });

  it.each([401, 403, 429])('does not keep the gateway from counting tokens: %i', async (status) => {
    const { app } = await gatewayBefore(await refusingProvider(status, 'refused'));
    const answer = await app.inject({ method: 'POST', url: '/v1/messages/count_tokens', payload: { ...CALL, model: 'claude' } });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['x-headgate-estimated']).toBe('true');
    expect(answer.json()).toEqual({ input_tokens: expect.any(Number) });
  });
});
