import { counted } from '../../lib/counted.ts';
import type { DurationHistogram } from '../batch/duration-histogram.ts';
import { count, duration, percent, table } from '../format.ts';
import type { LoadOptions } from './load-options.ts';
import type { LoadTally } from './load-tally.ts';

/** Three percentiles in ms. */
interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What `headgate load --json` prints. */
export interface LoadReport extends LoadOptions {
  /** The configuration's file, or `simulated provider`. */
  readonly target: string;
  readonly completed: number;
  readonly failed: number;
  /** Given up because the test was stopped. */
  readonly cancelled: number;
  readonly seconds: number;
  /** Completed ones. */
  readonly requestsPerSecond: number;
  readonly tokensPerSecond: number;
  /** From the start of the call that answered to its end. */
  readonly latencyMs: Percentiles;
  /** From the start of the call that answered to its first content; null where nothing was streamed. */
  readonly firstTokenMs: Percentiles | null;
  /** From handing a request in to the start of the call that answered. */
  readonly queueMs: Percentiles;
  /** Time in queue and latency together. */
  readonly totalMs: Percentiles;
  /** Calls that a provider refused for its limits; they were tried again. */
  readonly refusals: number;
  /** Calls that failed and were tried again. */
  readonly retries: number;
  readonly tokens: { readonly input: number; readonly output: number };
  /** How often, by code. */
  readonly errors: Readonly<Record<string, { readonly count: number; readonly message: string }>>;
  readonly deployments: readonly { readonly id: string; readonly completed: number; readonly share: number; readonly tokens: number }[];
}

/** What is known of a test beside its tally. */
export interface LoadFacts {
  readonly target: string;
  readonly elapsedMs: number;
  readonly refusals: number;
  readonly retries: number;
  /** In the order of the configuration, those that answered nothing included. */
  readonly deploymentIds: readonly string[];
}

export function loadReport(options: LoadOptions, tally: LoadTally, facts: LoadFacts): LoadReport {
  const { completed, failed, cancelled, inputTokens, outputTokens } = tally;
  const seconds = facts.elapsedMs / 1000;
  const perSecond = (amount: number): number => (seconds > 0 ? rounded(amount / seconds, 2) : 0);
  const ids = new Set([...facts.deploymentIds, ...tally.deployments.keys()]);
  return {
    target: facts.target,
    ...options,
    completed,
    failed,
    cancelled,
    seconds: rounded(seconds, 3),
    requestsPerSecond: perSecond(completed),
    tokensPerSecond: perSecond(inputTokens + outputTokens),
    latencyMs: percentiles(tally.latency),
    firstTokenMs: options.stream ? percentiles(tally.firstToken) : null,
    queueMs: percentiles(tally.queue),
    totalMs: percentiles(tally.total),
    refusals: facts.refusals,
    retries: facts.retries,
    tokens: { input: inputTokens, output: outputTokens },
    errors: Object.fromEntries(tally.errors),
    deployments: [...ids].map((id) => {
      const { completed: own, tokens } = tally.deployments.get(id) ?? { completed: 0, tokens: 0 };
      return { id, completed: own, share: completed === 0 ? 0 : rounded(own / completed, 4), tokens };
    }),
  };
}

/** The same for people, line by line. */
export function loadLines(report: LoadReport): string[] {
  const { completed, failed, cancelled, seconds, requestsPerSecond, tokensPerSecond, tokens, refusals, retries } = report;
  const given = cancelled > 0 ? `, ${count(cancelled)} given up` : '';
  const row = (name: string, { p50, p95, p99 }: Percentiles): string[] => [name, duration(p50), duration(p95), duration(p99)];
  const times = [
    ['', 'p50', 'p95', 'p99'],
    row('latency', report.latencyMs),
    ...(report.firstTokenMs === null ? [] : [row('first token', report.firstTokenMs)]),
    row('time in queue', report.queueMs),
    row('in all', report.totalMs),
  ];
  const shares = report.deployments.map((each) => [
    each.id,
    `${count(each.completed)} completed`,
    `share ${percent(each.share)}`,
    counted(each.tokens, 'token'),
  ]);
  const errors = Object.entries(report.errors).map(([code, error]) => `  ${count(error.count)} × ${code}: ${error.message}`);
  return [
    `${count(completed)} completed, ${count(failed)} failed${given}, of ${count(report.requests)} in ${duration(1000 * seconds)}`,
    `  throughput  ${requestsPerSecond.toFixed(1)} requests/s, ${count(tokensPerSecond)} tokens/s`,
    `  tokens      ${count(tokens.input)} in, ${count(tokens.output)} out`,
    `  calls       ${counted(refusals, 'refusal')}, ${count(retries)} tried again after an error`,
    ...[...table(times), ...table(shares)].map((line) => `  ${line}`),
    ...(errors.length > 0 ? ['errors', ...errors] : []),
  ];
}

function percentiles(histogram: DurationHistogram): Percentiles {
  const at = (part: number): number => rounded(histogram.percentile(part), 2);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
