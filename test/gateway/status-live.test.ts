import { describe, expect, it } from 'vitest';
import { type Connection, watchGateway } from '../../src/watch/index.ts';
import { listen } from '../watch/fake-gateway.ts';
import { gatewayWorld } from './gateway-world.ts';

describe('watchGateway on a gateway that listens', () => {
  it('sees a call pass, and lets the gateway close', async () => {
    const { url, gateway } = await gatewayWorld({ openai: { latency: { headersMs: { min: 400, max: 400 } } } });
    const watch = watchGateway(url);
    const heard = listen(watch.status$);
    const connection = listen<Connection>(watch.connection$);
    const body = JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 5 });
    const call = () => fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const answers = await Promise.all([call(), call()]);
    await expect.poll(() => heard.values.at(-1)?.tenants[0]?.completed).toBe(2);

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(Math.max(...heard.values.map(({ tenants }) => tenants[0]?.processing ?? 0))).toBeGreaterThanOrEqual(1);
    expect(heard.values.at(-1)?.models[0]).toMatchObject({ modelId: 'gpt', completed: 2, processing: 0 });
    expect(heard.values.at(-1)?.deployments.map(({ provider, circuit }) => `${provider} ${circuit}`)).toEqual([
      'openai closed',
      'anthropic closed',
    ]);
    await gateway.close();
    await expect.poll(() => connection.values.at(-1)?.state).toBe('waiting');
    watch.close();
    expect(heard.isComplete).toBe(true);
  });

  it('is not kept from closing by who reads its events', async () => {
    const { url, gateway } = await gatewayWorld();
    const { body } = await fetch(`${url}/status/events`);
    await gateway.close();
    await body?.cancel();
  });
});
