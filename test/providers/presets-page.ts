import { type Act, ERROR_TABLE } from '../../src/providers/error-table.ts';
import { BUILT_IN_PRESETS } from '../../src/providers/preset-registry.ts';
import type { CostRule } from '../../src/providers/provider.ts';

const COSTS: Readonly<Record<CostRule, string>> = {
  'largest-up-front': 'the larger of estimated input and output limit, at once',
  'sum-up-front': 'estimated input + output limit, at once',
  'metered-output': 'input at once, output as it is produced',
  'reserved-then-settled': 'input + output limit, then what was used',
};

/** The tables of docs/providers.md, as the data say them. */
export function presetTable(): string {
  const rows = BUILT_IN_PRESETS.map(({ name, aliases, baseUrl, keyVariable, formats, cost, countsCacheReads }) => [
    [name, ...(aliases ?? [])].map(code).join(', '),
    baseUrl === undefined ? 'give one' : code(baseUrl),
    keyVariable === undefined ? '–' : code(keyVariable),
    formats.map((format) => format.replace('openai-', '').replace('anthropic-', '')).join(', '),
    `${COSTS[cost]}${countsCacheReads === false ? '; cache reads are free' : ''}`,
  ]);
  return table(['provider', 'default `baseUrl`', "the key's variable", 'formats', 'charges a call'], rows);
}

export function errorTable(): string {
  return table(
    ['answer', 'means', 'request', 'another deployment', 'the deployment'],
    ERROR_TABLE.map(({ name, meaning, act }) => [name, meaning, ...consequences(act)]),
  );
}

function consequences(act: Act): readonly [request: string, elsewhere: string, deployment: string] {
  switch (act.kind) {
    case 'refused':
      return [
        'waits, uses no attempt',
        act.capacity ? 'at once, first' : 'at once',
        act.slowDown ? 'pauses, and takes fewer calls' : 'pauses',
      ];
    case 'retryable':
      return ['again, after backoff', 'at once', act.scope === 'deployment' ? 'counts for its circuit' : 'stays as it is'];
    case 'final':
      return [
        act.failOver ? 'fails where none is left' : 'fails',
        act.failOver ? 'at once' : 'no',
        act.scope === 'account' ? 'is disabled' : 'stays as it is',
      ];
  }
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
