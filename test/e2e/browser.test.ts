import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundlePage } from './bundle-page.ts';
import { BrowserPage } from './chromium.ts';
import type { Report } from './fixtures/browser-page/main.ts';
import { serveFolder } from './serve-folder.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = join(ROOT, 'test/e2e/fixtures/browser-page');
const folder = mkdtempSync(join(tmpdir(), 'headgate-browser-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the main entry in a browser', () => {
  let bundle: Bundle;

  beforeAll(async () => {
    bundle = await bundlePage(PAGE, join(folder, 'page'));
  });

  it('is what was built: dist/src/index.js and what it imports', () => {
    const ours = bundle.modules
      .filter((path) => path.startsWith(ROOT) && !path.includes('node_modules'))
      .map((path) => path.slice(ROOT.length));
    expect(ours).toContain('dist/src/index.js');
    expect(ours).toContain('dist/machines/request-machine.js');
    expect(ours.filter((path) => !/^(dist\/|test\/e2e\/fixtures\/browser-page\/)/.test(path))).toEqual([]);
  });

  it('reaches no module of Node, no pino, no undici, no simulator and no command line', () => {
    expect(bundle.nodeImports).toEqual([]);
    // Of the providers only how they spell their limits in headers, which is pure: for processors that hand headers to the engine.
    const foreign =
      /node_modules\/(pino|undici|commander|react|@statelyai)\/|__vite-browser-external|dist\/src\/(cli|simulator|observability|testing|providers(?!\/headers\/))\//;
    expect(bundle.modules.filter((path) => foreign.test(path))).toEqual([]);
    expect(bundle.code.match(/["'`]node:\w+|\brequire\(|\bprocess\.(?!env\b)\w+/g) ?? []).toEqual([]);
    const packages = bundle.modules
      .map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
      .filter((name) => name !== undefined);
    expect([...new Set(packages)].sort()).toEqual(['immer', 'rxjs', 'tslib', 'xstate', 'zod']);
  });

  it('would be caught if it did', async () => {
    const root = join(folder, 'planted');
    mkdirSync(root);
    writeFileSync(join(root, 'index.html'), '<script type="module" src="./main.js"></script>');
    writeFileSync(join(root, 'main.js'), "import * as fs from 'node:fs';\nimport os from 'os';\nconsole.log(fs, os);\n");
    const { nodeImports } = await bundlePage(root, join(folder, 'planted-bundle'));
    expect([...nodeImports].sort()).toEqual([expect.stringMatching(/main\.js → node:fs$/), expect.stringMatching(/main\.js → os$/)]);
  });

  it('runs 100 requests with status$ in Chromium', async () => {
    const server = await serveFolder(join(folder, 'page'));
    const page = await BrowserPage.open(server.url);
    try {
      await page.waitFor('globalThis.report !== undefined');
      const report = (await page.evaluate('globalThis.report')) as Report;
      const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
      expect(report).toMatchObject({
        version,
        outcomes: { completed: 99, failed: 1 },
        resultsRight: 99,
        completions: 100,
        sequences: { 'pending, processing, completed': 99, 'pending, processing, failed': 1 },
        mostAtOnce: 8,
        actorValue: 'completed',
        lastMetrics: { completed: 99, failed: 1 },
        nodeGlobals: [],
      });
      expect(report.events).toMatchObject({
        'request-submitted': 100,
        'request-admitted': 100,
        'request-completed': 99,
        'request-failed': 1,
      });
      // 40 in any half second: the last 20 start a second after the first at the earliest.
      expect(report.seconds).toBeGreaterThanOrEqual(1);
      expect(report.lastMetrics.samples).toBeGreaterThanOrEqual(4);
      expect(page.uncaught).toEqual([]);
    } finally {
      await page.close();
      server.close();
    }
  });
});
