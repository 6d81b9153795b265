import { FIRST_RATE } from '../../limits/learning/limit-learner.ts';
import { columns } from '../check/describe-config.ts';
import { count, duration } from '../format.ts';
import { wayOut } from '../way-out.ts';
import type { LimitReading } from './compare-limits.ts';
import type { DeploymentReading } from './read-status.ts';

const HEAD = ['limit', 'configured', 'provider says', 'remaining', 'all free in', ''];
const NOTHING = '–';
const LEARNING: Readonly<Record<NonNullable<DeploymentReading['learning']>, string>> = {
  off: 'none are configured, and none are learned: learnLimits is false',
  headers: 'none are configured: those of its headers are kept',
  'no-rates': 'none are configured, and it has none of its own: calls start as they come; learnLimits: true seeks a rate',
  'seeks-rate': `none are configured: those of its headers are kept; where they tell none a rate is sought, from ${FIRST_RATE} calls a second`,
};

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
  learning,
  note,
  code,
  status,
}: DeploymentReading): string[] {
  const answered = ok
    ? `answered in ${ms} ms`
    : `failed: ${status === undefined ? '' : `HTTP ${status}, `}${[code, note].filter((part) => part !== undefined).join(': ')}${wayOut(code)}`;
  const rows = limits.length === 0 ? [] : [HEAD, ...limits.map(row)];
  return [
    `${id} · ${provider} · ${baseUrl} · ${models.join(', ')} · ${key} · ${answered}`,
    ...columns(rows).map((line) => `  ${line}`),
    ...(ok && note !== undefined ? [`  ${note}`] : []),
    ...(learning === undefined ? [] : [`  ${LEARNING[learning]}`]),
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
