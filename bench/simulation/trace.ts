import { existsSync, readFileSync } from 'node:fs';

/** Real sizes of one request. */
export interface TraceRow {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const FOLDER = new URL('../../../shared/data/azure-llm-2023/', import.meta.url);
const FILES = ['AzureLLMInferenceTrace_conv.csv', 'AzureLLMInferenceTrace_code.csv'];

/** Whether the trace's files are on this machine; they are not part of the project. */
export function hasRealTrace(): boolean {
  return FILES.every((file) => existsSync(new URL(file, FOLDER)));
}

/** One hour of two production services, both merged by arrival. */
export function readRealTrace(): TraceRow[] {
  const arrivals = FILES.flatMap((file) => parseTrace(readFileSync(new URL(file, FOLDER), 'utf8')));
  return arrivals
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .map(({ inputTokens, outputTokens }) => ({ inputTokens, outputTokens }));
}

/** Rows of `TIMESTAMP,ContextTokens,GeneratedTokens` under a heading; rows that are not that are an error, not a gap. */
export function parseTrace(csv: string): (TraceRow & { readonly at: string })[] {
  const rows = csv.split(/\r?\n/).slice(1);
  return rows
    .filter((row) => row !== '')
    .map((row) => {
      const [at = '', input = '', output = ''] = row.split(',');
      const inputTokens = Number.parseInt(input, 10);
      const outputTokens = Number.parseInt(output, 10);
      if (!(inputTokens >= 0 && outputTokens >= 0)) throw new Error(`The trace has a row that is none: ${row}`);
      return { at, inputTokens, outputTokens };
    });
}

/** What stands in for the trace where it is absent: log-normal sizes with about its medians and tails. */
export function syntheticTrace(logNormal: (sigma: number) => number, rows: number): TraceRow[] {
  return Array.from({ length: rows }, () => ({
    inputTokens: Math.min(14_000, Math.max(3, Math.round(1000 * logNormal(1)))),
    outputTokens: Math.min(1500, Math.max(1, Math.round(100 * logNormal(1.1)))),
  }));
}
