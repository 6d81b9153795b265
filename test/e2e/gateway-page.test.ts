import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway, type Gateway } from '../../src/gateway/index.ts';
import { type RunningSimulator, startSimulator } from '../../src/simulator/index.ts';
import { type Bundle, bundlePage } from './bundle-page.ts';
import { BrowserPage } from './chromium.ts';
import { serveFolder } from './serve-folder.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROCESSING_MS = 1_500;

const text = (selector: string) => `document.querySelector(${JSON.stringify(selector)})?.textContent`;
const connectTo = (url: string) =>
  `document.querySelector('[name=url]').value = ${JSON.stringify(url)}; document.querySelector('#connect').requestSubmit()`;
const statuses = '[...document.querySelectorAll(".request")].map((row) => row.dataset.status).join()';

describe('examples/gateway-page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-gateway-page-'));
  let bundle: Bundle;
  let site: Awaited<ReturnType<typeof serveFolder>>;
  let simulator: RunningSimulator;

  beforeAll(async () => {
    bundle = await bundlePage(join(ROOT, 'examples/gateway-page'), folder);
    site = await serveFolder(folder);
    simulator = await startSimulator({ limits: [], latency: { headersMs: { min: PROCESSING_MS, max: PROCESSING_MS } } });
  });

  afterAll(async () => {
    site.close();
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (cors: readonly string[]): Promise<Gateway> =>
    createGateway(
      {
        models: {
          demo: {
            rateLimiters: [
              { type: 'concurrent', limit: 1 },
              { type: 'rpm', limit: 60 },
            ],
            deployments: [{ provider: 'openai', baseUrl: `${simulator.url}/v1`, apiKey: 'upstream-key' }],
          },
        },
        gateway: { database: 'sqlite::memory:', cors },
        telemetry: { sink: 'none' },
      },
      { env: {} },
    );

  it('takes nothing along that only Node has', () => {
    const ours = bundle.modules
      .filter((path) => path.startsWith(ROOT) && !path.includes('node_modules'))
      .map((path) => path.slice(ROOT.length));
    expect(ours).toContain('dist/src/watch/index.js');
    expect(ours.filter((path) => /^dist\/src\/(engine|client|gateway|cli)\//.test(path))).toEqual([]);
    expect(bundle.nodeImports).toEqual([]);
    expect(bundle.modules.filter((path) => /node_modules\/(pino|undici|fastify|xstate)\/|__vite-browser-external/.test(path))).toEqual([]);
  });

  it('shows a gateway of another origin, follows a request from pending to completed, and comes back after the gateway does', async () => {
    const first = await start([new URL(site.url).origin]);
    const address = await first.listen({ port: 0 });
    const page = await BrowserPage.open(site.url);
    try {
      await page.waitFor(`${text('h1')} === 'A gateway, live'`);
      await page.evaluate(connectTo(address));
      await page.waitFor(`${text('#connection')} === 'open' && ${text('#submit option')} === 'demo'`);
      expect(await page.evaluate('[...document.querySelectorAll(".limit span")].map((span) => span.textContent)')).toEqual([
        'concurrent',
        'rpm',
      ]);
      expect(await page.evaluate(text('.circuit'))).toBe('closed');

      await page.evaluate("for (let i = 0; i < 2; i++) document.querySelector('#submit').requestSubmit()");
      await page.waitFor(`${statuses} === 'pending,processing'`);
      await page.waitFor(`${text('#waiting')} === '1' && ${text('#running')} === '1'`);
      await page.waitFor(`${statuses} === 'processing,completed'`);
      await page.waitFor(`${statuses} === 'completed,completed'`);
      await page.waitFor(`${text('#completed')} === '2' && ${text('#running')} === '0'`);

      await first.close();
      await page.waitFor("document.querySelector('#connection').className === 'waiting'");
      expect(await page.evaluate(text('#completed'))).toBe('2');
      const second = await start([new URL(site.url).origin]);
      try {
        await second.listen({ port: Number(new URL(address).port) });
        await page.waitFor(`${text('#connection')} === 'open' && ${text('#completed')} === '0'`);
      } finally {
        await second.close();
      }
      expect(page.uncaught).toEqual([]);
    } finally {
      await page.close();
      await first.close();
    }
  });

  it('sees nothing of a gateway that does not name its origin', async () => {
    const gateway = await start([]);
    const address = await gateway.listen({ port: 0 });
    const page = await BrowserPage.open(site.url);
    try {
      await page.waitFor(`${text('h1')} === 'A gateway, live'`);
      await page.evaluate(connectTo(address));
      await page.waitFor(`${text('#connection')}?.includes('Failed to fetch')`);
      expect(await page.evaluate(text('.limit'))).toBeUndefined();
    } finally {
      await page.close();
      await gateway.close();
    }
  });
});
