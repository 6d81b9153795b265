import { describe, expect, it } from 'vitest';
import { buildGraph } from './graph.ts';
import { breaches } from './rules.ts';

const ENTRIES = ['src/index.ts', 'machines/index.ts', 'src/testing/index.ts'];

function found(sources: Readonly<Record<string, string>>): string[] {
  return breaches(buildGraph(new Map(Object.entries(sources))), ENTRIES);
}

const DOMAIN = { 'src/domain/clock.ts': 'export interface Clock { now(): number }' };
const TIME = 'real time and chance live in src/lib/system-clock.ts; take a Clock or an injected random';

describe('a sound tree', () => {
  it('has no breach', () => {
    expect(
      found({
        ...DOMAIN,
        'src/lib/system-clock.ts':
          "import type { Clock } from '../domain/clock.ts';\nexport const clock = { now: () => performance.now() };",
        'src/limits/window.ts': "import type { Clock } from '../domain/clock.ts';\nexport type W = Clock;",
        'machines/limiter.ts':
          "import { setup } from 'xstate';\nimport type { Clock } from '../src/domain/clock.ts';\nexport const m = setup({});",
        'machines/index.ts': "export { m } from './limiter.ts';",
        'src/engine/engine.ts':
          "import { Subject } from 'rxjs';\nimport { m } from '../../machines/limiter.ts';\nexport const run = (clock: C) => clock.setTimeout(m, Subject);",
        'src/index.ts': "export { run } from './engine/engine.ts';",
        'src/cli/main.ts': "import { readFile } from 'node:fs';\nimport { run } from '../index.ts';\nrun(readFile, process.argv);",
        'src/config/load-file.ts': "import { readFile } from 'node:fs';\nexport { readFile };",
      }),
    ).toEqual([]);
  });

  it('may mention real time in comments, strings, types and members of its own', () => {
    expect(
      found({
        'src/limits/words.ts': [
          '// setTimeout and Date.now() are not for us',
          "export const text = 'Math.random()';",
          'export type Handle = ReturnType<typeof setTimeout>;',
          'export interface Port { setTimeout(): void; setInterval: () => void }',
          'export class Fake { setTimeout(): void { this.setInterval(); } setInterval(): void {} }',
          'export const has = typeof setImmediate === "function";',
          'export const port = { setTimeout: (performance: number) => new Date(performance) };',
        ].join('\n'),
      }),
    ).toEqual([]);
  });
});

describe('a planted import is refused', () => {
  const planted: ReadonlyArray<readonly [name: string, sources: Record<string, string>, breach: string]> = [
    [
      'upwards',
      { 'src/limits/a.ts': "import { e } from '../engine/e.ts';", 'src/engine/e.ts': 'export const e = 1;' },
      'src/limits/a.ts:1 imports src/engine/e.ts: limits (L1) lies below engine (L3), and imports point down only',
    ],
    [
      'upwards as a type',
      { 'src/providers/a.ts': "\nimport type { E } from '../client/e.ts';", 'src/client/e.ts': 'export type E = 1;' },
      'src/providers/a.ts:2 imports src/client/e.ts: providers (L2) lies below client (L4), and imports point down only',
    ],
    [
      'upwards inside a type',
      { 'src/limits/a.ts': "export type E = readonly import('../engine/e.ts').E[];", 'src/engine/e.ts': 'export type E = 1;' },
      'src/limits/a.ts:1 imports src/engine/e.ts: limits (L1) lies below engine (L3), and imports point down only',
    ],
    [
      'upwards, dynamic',
      { 'src/engine/a.ts': "const load = () => import('../cli/e.ts');", 'src/cli/e.ts': 'export {};' },
      'src/engine/a.ts:1 imports src/cli/e.ts: engine (L3) lies below cli (L6), and imports point down only',
    ],
    [
      'upwards, re-exported',
      { 'src/lib/a.ts': "export * from '../scheduling/e.ts';", 'src/scheduling/e.ts': 'export {};' },
      'src/lib/a.ts:1 imports src/scheduling/e.ts: lib may import domain',
    ],
    [
      'of a sibling',
      { 'src/scheduling/a.ts': "import { e } from '../limits/e.ts';", 'src/limits/e.ts': 'export const e = 1;' },
      "src/scheduling/a.ts:1 imports src/limits/e.ts: scheduling and limits are siblings in L1, and siblings don't import each other",
    ],
    [
      'of the library by the vocabulary',
      { 'src/domain/a.ts': "import { e } from '../lib/e.ts';", 'src/lib/e.ts': 'export const e = 1;' },
      'src/domain/a.ts:1 imports src/lib/e.ts: domain may import nothing but itself',
    ],
    [
      'of the limiters by the simulator that judges them',
      { 'src/simulator/a.ts': "import { e } from '../limits/e.ts';", 'src/limits/e.ts': 'export const e = 1;' },
      'src/simulator/a.ts:1 imports src/limits/e.ts: simulator may import domain and lib',
    ],
    [
      'of the package entry from inside',
      { 'src/engine/a.ts': "import { x } from '../index.ts';", 'src/index.ts': 'export const x = 1;' },
      'src/engine/a.ts:1 imports src/index.ts: engine (L3) lies below the package entry, and imports point down only',
    ],
    [
      'of a face by the package entry',
      { 'src/index.ts': "export { x } from './cli/a.ts';", 'src/cli/a.ts': 'export const x = 1;' },
      'src/index.ts:1 imports src/cli/a.ts: the package entry lies below cli (L6), and imports point down only',
    ],
    [
      'of a module that is not there',
      { 'src/engine/a.ts': "import './gone.ts';" },
      'src/engine/a.ts:1 imports src/engine/gone.ts: which does not exist in src or machines',
    ],
    [
      'of a value by a chart',
      { 'machines/a.ts': "import { now } from '../src/domain/clock.ts';", 'src/domain/clock.ts': 'export const now = 1;' },
      'machines/a.ts:1 imports src/domain/clock.ts: a chart may import xstate and other charts at run time, everything else with `import type`',
    ],
    [
      'of a type from above the vocabulary by a chart',
      { 'machines/a.ts': "import type { E } from '../src/limits/e.ts';", 'src/limits/e.ts': 'export type E = 1;' },
      'machines/a.ts:1 imports src/limits/e.ts: machines may import domain',
    ],
    [
      'of a package by a chart',
      { 'machines/a.ts': "import { of } from 'rxjs';" },
      'machines/a.ts:1 imports rxjs: a chart may import xstate and other charts at run time, everything else with `import type`',
    ],
    [
      'of what makes actors outside of the engine',
      { 'src/cli/a.ts': "import { createActor as start } from 'xstate';" },
      'src/cli/a.ts:1 imports xstate: only the engine makes actors and subjects (createActor)',
    ],
    [
      'of what makes subjects outside of the engine',
      { 'src/observability/a.ts': "import { map, Subject } from 'rxjs';" },
      'src/observability/a.ts:1 imports rxjs: only the engine makes actors and subjects (Subject)',
    ],
    [
      'of xstate by the pure core',
      { 'src/scheduling/a.ts': "import type { ActorRef } from 'xstate';" },
      'src/scheduling/a.ts:1 imports xstate: scheduling is pure: no xstate, no rxjs, no node: modules',
    ],
    [
      'of rxjs operators by the pure core',
      { 'src/limits/a.ts': "import { map } from 'rxjs/operators';" },
      'src/limits/a.ts:1 imports rxjs/operators: limits is pure: no xstate, no rxjs, no node: modules',
    ],
    [
      'of a node module by the pure core',
      { 'src/config/parse.ts': "import { readFileSync } from 'fs';" },
      'src/config/parse.ts:1 imports fs: config is pure: no xstate, no rxjs, no node: modules',
    ],
    [
      'of timers',
      { 'src/engine/a.ts': "import { setTimeout as sleep } from 'node:timers/promises';" },
      `src/engine/a.ts:1 imports node:timers/promises: ${TIME}`,
    ],
    [
      'of an rxjs operator that runs on real time',
      { 'src/engine/a.ts': "import { map, sampleTime as sampled } from 'rxjs';" },
      `src/engine/a.ts:1 imports rxjs: sampleTime of rxjs runs on real time; ${TIME}`,
    ],
    [
      'of a node module behind the package entry',
      {
        'src/index.ts': "export { b } from './engine/b.ts';",
        'src/engine/b.ts': "export { b } from '../observability/c.ts';",
        'src/observability/c.ts': "import os from 'node:os';",
      },
      'src/observability/c.ts:1 imports node:os: browsers load this module (src/index.ts → src/engine/b.ts → src/observability/c.ts)',
    ],
    [
      'of a package for servers behind the package entry',
      { 'src/index.ts': "export const load = () => import('./observability/c.ts');", 'src/observability/c.ts': "import pino from 'pino';" },
      'src/observability/c.ts:1 imports pino: browsers load this module (src/index.ts → src/observability/c.ts)',
    ],
    [
      'through an index.ts that is no entry',
      { 'src/limits/index.ts': 'export {};' },
      `src/limits/index.ts: an index.ts stands at package entries only (${ENTRIES.join(', ')})`,
    ],
    [
      'in a circle',
      {
        'src/limits/a.ts': "import './b.ts';",
        'src/limits/b.ts': "import type { A } from './c.ts';",
        'src/limits/c.ts': "export * from './a.ts';",
      },
      'src/limits/a.ts → src/limits/b.ts → src/limits/c.ts → src/limits/a.ts: an import cycle',
    ],
    [
      'in a folder without a layer',
      { 'src/utils/a.ts': 'export {};' },
      'src/utils/a.ts is in no layer. Known folders: domain, lib, limits, scheduling, config, machines, providers, middleware, deployments, stores, observability, simulator, testing, engine, client, prometheus, gateway, watch, dashboard, cli.',
    ],
  ];

  it.each(planted)('%s', (_, sources, breach) => {
    expect(found(sources)).toContain(breach);
  });
});

describe('a planted use of real time or chance is refused', () => {
  const uses: ReadonlyArray<readonly [code: string, name: string]> = [
    ['Date.now();', 'Date.now'],
    ['const at = new Date();', 'new Date()'],
    ['performance.now();', 'performance'],
    ['globalThis.performance.now();', 'performance'],
    ['setTimeout(() => {}, 1);', 'setTimeout'],
    ["globalThis['setTimeout'](() => {}, 1);", 'setTimeout'],
    ['const { setTimeout: later } = globalThis;', 'setTimeout'],
    ['export const port = { setTimeout };', 'setTimeout'],
    ['export const later = options.later ?? setTimeout;', 'setTimeout'],
    ['setInterval(() => {}, 1);', 'setInterval'],
    ['setImmediate(() => {});', 'setImmediate'],
    ['export const pick = (random = Math.random) => random();', 'Math.random'],
    ['AbortSignal.timeout(5);', 'AbortSignal.timeout'],
  ];

  it.each(uses)('%s', (code, name) => {
    expect(found({ 'src/cli/a.ts': `\n${code}` })).toEqual([`src/cli/a.ts:2 uses ${name}: ${TIME}`]);
    expect(found({ 'machines/a.ts': code })).toEqual([`machines/a.ts:1 uses ${name}: ${TIME}`]);
  });

  it('but not in the one file that is the clock', () => {
    expect(found({ 'src/lib/system-clock.ts': uses.map(([code]) => code).join('\n') })).toEqual([]);
  });
});

describe("a global of Node's behind the package entry is refused", () => {
  it.each(['process.exit();', 'globalThis.process;', 'Buffer.from("");', 'require("./x.ts");'])('%s', (code) => {
    expect(found({ 'src/index.ts': code })).not.toEqual([]);
    expect(found({ 'src/index.ts': 'export const browser = typeof process;' })).toEqual([]);
  });
});
