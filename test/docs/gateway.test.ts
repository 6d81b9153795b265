import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ANTHROPIC_CALL_HEADERS, OPENAI_CALL_HEADERS, REQUEST_HEADERS } from '../../src/gateway/openapi/headers.ts';
import { openApiDocument } from '../../src/gateway/openapi/openapi-document.ts';
import { ROOT, readPage } from './markdown.ts';

const PAGES = ['gateway', 'operations', 'batches', 'watch', 'telemetry'].map((name) => readPage(`docs/${name}.md`));

describe('the pages about the gateway', () => {
  it('name every path that there is, and no other', () => {
    const { paths } = JSON.parse(JSON.stringify(openApiDocument())) as { readonly paths: Readonly<Record<string, object>> };
    const all = Object.keys(paths).map(anonymous);
    const text = PAGES.join('\n');
    const named = [...text.matchAll(/`(?:(?:GET|POST|DELETE) )?(\/(?:v1\/|status|metrics|healthz|readyz|openapi)[\w/.:{}-]*)/g)].map(
      ([, path = '']) => anonymous(path),
    );

    expect(named.filter((path) => !all.includes(path))).toEqual([]);
    expect(all.filter((path) => !named.includes(path) && !isPartOfOpenAisProtocol(path))).toEqual([]);
  });

  it('name every header that a call may send and that its answer has', () => {
    const page = readPage('docs/gateway.md');
    const own = [
      ...Object.values(REQUEST_HEADERS).map(({ name }) => name),
      ...Object.keys({ ...OPENAI_CALL_HEADERS, ...ANTHROPIC_CALL_HEADERS }),
    ]
      // Families are named once.
      .map((name) => name.replace(/^(x|anthropic)-ratelimit-.*/, '$1-ratelimit-…'));
    const named = [...page.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([\w-]+…?)`/g)].map(([, name]) => name),
    );

    expect([...new Set(own)].filter((name) => !named.includes(name))).toEqual([]);
    expect(named.filter((name) => name?.startsWith('x-headgate-') && !own.includes(name))).toEqual([]);
  });

  it('name only metrics that the dashboard shows, which is held to those there are', () => {
    const dashboard = readFileSync(`${ROOT}deploy/grafana/headgate.json`, 'utf8');
    const named = [...readPage('docs/operations.md').matchAll(/`(headgate_[a-z_]+)`/g)].map(([, name = '']) => name);

    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => name !== 'headgate_' && !dashboard.includes(name))).toEqual([]);
  });
});

describe('the command line page', () => {
  it.each(['serve', 'keys'])('names the flags of %s that there are', (command) => {
    const source = readFileSync(`${ROOT}src/cli/${command}-command.ts`, 'utf8');
    const flags = [...source.matchAll(/[oO]ption\('(?:-\w, )?(--[\w-]+)/g)].map(([, flag = '']) => flag);
    const [, section = ''] = new RegExp(`^## headgate ${command}\n([^]*?)^## `, 'm').exec(readPage('docs/cli.md')) ?? [];
    const named = [...section.matchAll(/^\| `(?:-\w, )?(--[\w-]+)/gm)].map(([, flag = '']) => flag);

    expect(flags.length).toBeGreaterThan(3);
    expect([...named].sort()).toEqual([...new Set(flags)].sort());
  });
});

/** A path whatever its parameters are called. */
function anonymous(path: string): string {
  return path.replace(/:\w+|\{\w+\}/g, '*').replace(/\/$/, '');
}

/** What SDKs call without anybody reading about it here. */
function isPartOfOpenAisProtocol(path: string): boolean {
  return /^\/v1\/(files|batches)\/\*/.test(path);
}
