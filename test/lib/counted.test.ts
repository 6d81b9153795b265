import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deploymentLines } from '../../src/cli/deployment-lines.ts';
import { summaryLines } from '../../src/cli/summary.ts';
import { counted } from '../../src/lib/counted.ts';

it('one thing is told as one, any other number as several', () => {
  const all = [0, 1, 2, 1234, 1.2].map((value) => counted(value, 'call'));
  expect(all).toEqual(['0 calls', '1 call', '2 calls', '1,234 calls', '1 call']);
  expect(counted(2, 'request is', 'requests are')).toBe('2 requests are');
});

it('a run of one request is told of in the singular', () => {
  const report = {
    total: 1,
    completed: 1,
    failed: 0,
    skipped: 0,
    seconds: 1,
    requestsPerSecond: 1,
    attempts: 1,
    refusals: 1,
    tokens: { estimated: 1, used: 1 },
    queueTimeMs: { p50: 0, p99: 0 },
    limits: [],
    deployments: [{ id: 'a', provider: 'openai', calls: 1, completed: 1, refusals: 1, failures: 1, tokens: 1, share: 1 }],
  };
  const text = [...summaryLines(report, 'out.jsonl'), ...deploymentLines(report)].join('\n');
  expect(text).toContain('1 attempt, 1 refusal');
  expect(text).toMatch(/1 call +1 completed +1 refusal +1 failure +1 token/);
});

it('no command writes a number before a plural by itself', () => {
  const things = 'calls|requests|deployments|keys|models|attempts|refusals|failures|lines|answers|tokens|clients|errors';
  const byHand = new RegExp(`\\$\\{count\\([^}]*\\)\\} (?:${things})\\b`);
  const files = readdirSync('src/cli', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter((name) => byHand.test(readFileSync(join('src/cli', name), 'utf8').replaceAll('tokens/s', '')))).toEqual([]);
});
