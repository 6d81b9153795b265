import { columns } from '../check/describe-config.ts';
import { count, duration } from '../format.ts';
import type { LimitReading } from './compare-limits.ts';
import type { DeploymentReading } from './read-status.ts';

const HEAD = ['limit', 'configured', 'provider says', 'remaining', 'all free in', ''];
const NOTHING = '–';

/** The readings for people: each deployment with its limits beneath. */
export function statusLines(readings: readonly DeploymentReading[]): string[] {
  return readings.flatMap((reading, index) => [...(index > 0 ? [''] : []), ...deploymentLines(reading)]);
}

function deploymentLines({
  id,
  provider,
  baseUrl,
  key = 'no key',
  models,
  ok,
  ms,
  limits,
  note,
  code,
  status,
}: DeploymentReading): string[] {
  const answered = ok
    ? `answered in ${ms} ms`
    : `failed: ${status === undefined ? '' : `HTTP ${status}, `}${[code, note].filter((part) => part !== undefined).join(': ')}`;
  const rows = limits.length === 0 ? [] : [HEAD, ...limits.map(row)];
  return [
    `${id} · ${provider} · ${baseUrl} · ${models.join(', ')} · ${key} · ${answered}`,
    ...columns(rows).map((line) => `  ${line}`),
    ...(ok && note !== undefined ? [`  ${note}`] : []),
  ];
}

function row({ type, configured, limit, remaining, resetMs, differs }: LimitReading): string[] {
  const number = (value: number | null): string => (value === null ? NOTHING : count(value));
  return [
    type,
    number(configured),
    number(limit),
    number(remaining),
    resetMs === null ? NOTHING : duration(resetMs),
    differs === 'higher' ? 'DIFFERS: more than the provider allows' : differs === 'lower' ? 'DIFFERS: the provider allows more' : '',
  ];
}
