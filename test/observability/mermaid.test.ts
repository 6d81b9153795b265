import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as machines from '../../machines/index.ts';
import { chartsAsJson, chartsAsMarkdown, mermaidChart } from '../../src/observability/mermaid.ts';

const CHART = {
  id: 'door',
  config: {
    description: 'A door.',
    initial: 'open',
    states: {
      open: {
        description: 'People pass.',
        on: { CLOSE: [{ target: 'shut', guard: 'isFree', actions: ['ring', { type: 'log' }] }, 'open'] },
        after: { slow: 'shut' },
      },
      shut: {
        initial: 'loose',
        states: { loose: { on: { LOCK: 'locked' } }, locked: {} },
        on: { OPEN: { target: 'open', description: 'Somebody pushes.' } },
      },
      gone: { type: 'final' },
    },
    on: { REMOVE: { target: '.gone' }, LOOK: { actions: 'look', description: 'Somebody looks.' }, REOPEN: '.open' },
  },
};

describe('the picture of a chart', () => {
  it('has its states, transitions, guards, actions and notes', () => {
    expect(mermaidChart(CHART)).toBe(`stateDiagram-v2
  [*] --> open
  note right of open
    People pass.
  end note
  state shut {
    [*] --> shut_loose
    state "loose" as shut_loose
    state "locked" as shut_locked
  }
  open --> shut : CLOSE [isFree] / ring, log\\nafter slow
  open --> open : CLOSE
  shut_loose --> shut_locked : LOCK
  shut --> open : OPEN\\nREOPEN
  gone --> [*]
  open --> gone : REMOVE
  shut --> gone : REMOVE
`);
  });

  it('says below what each event means', () => {
    expect(chartsAsMarkdown([CHART])).toContain(
      '| in | event | |\n|---|---|---|\n| any state | `LOOK` | Somebody looks. |\n| shut | `OPEN` | Somebody pushes. |\n',
    );
  });
});

describe('the charts of this package', () => {
  it('name every state and event they have', () => {
    for (const machine of Object.values(machines)) {
      const picture = chartsAsMarkdown([machine]);
      const { states, on } = machine.config as { states: Record<string, { on?: object; description?: string }>; on?: object };
      for (const [name, state] of Object.entries(states)) {
        expect(picture).toContain(name);
        expect(picture).toContain(state.description);
        for (const event of Object.keys({ ...on, ...state.on })) expect(picture).toContain(event);
      }
    }
  });

  it('are definitions by id as JSON', () => {
    const definitions = JSON.parse(chartsAsJson(Object.values(machines))) as Record<string, { id: string; states: object }>;
    expect(Object.keys(definitions)).toEqual(Object.values(machines).map(({ id }) => id));
    expect(Object.keys(definitions['request']?.states ?? {})).toEqual(['pending', 'processing', 'completed', 'failed']);
  });

  it('are what docs/machines.md shows', () => {
    const script = fileURLToPath(new URL('../../scripts/machines-page.ts', import.meta.url));
    expect(execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' })).toContain('current');
  });
});
