import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { allCases } from './cases/all.ts';
import { FULL, QUICK } from './cases/bench-case.ts';
import { workloadNote } from './cases/share.ts';
import { readEnvironment } from './harness/environment.ts';
import { type BenchOptions, parseBenchOptions, USAGE } from './harness/options.ts';
import { betweenMarkers, hasMarkers, replaceBetweenMarkers } from './report/documents.ts';
import type { Line } from './report/line.ts';
import { isComplete, misses, type RunReport, renderReport } from './report/run-report.ts';

/**
 * `npm run bench`: runs every case, prints the table, writes it as JSON, and ends with code 1 where a target was
 * missed. With `--write` the same table goes into the documents, so that a number in a document is one that was printed.
 */
const ROOT = new URL('../', import.meta.url);
const RESULTS = new URL('bench-results/', ROOT);
const LATEST = new URL('latest.json', RESULTS);
const DOCUMENTS = ['README.md', 'docs/benchmarks.md'];
const MARKER = 'benchmarks';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: BenchOptions;
  try {
    options = parseBenchOptions(args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  return options.check ? checkDocuments() : await runAll(options);
}

async function runAll(options: BenchOptions): Promise<number> {
  const start = performance.now();
  const chosen = allCases.filter(({ name }) => options.only.length === 0 || options.only.some((part) => name.includes(part)));
  if (chosen.length === 0) {
    console.error(`No case is named ${options.only.join(' or ')}; there are ${allCases.map(({ name }) => name).join(', ')}.`);
    return 2;
  }
  const lines: Line[] = [];
  const failed: string[] = [];
  for (const { name, run } of chosen) {
    const caseStart = performance.now();
    process.stderr.write(`${name} … `);
    try {
      lines.push(...(await run(options.quick ? QUICK : FULL)));
    } catch (error) {
      failed.push(name);
      process.stderr.write(`failed: ${error instanceof Error ? error.message : String(error)} `);
    }
    process.stderr.write(`${Math.round((performance.now() - caseStart) / 1000)} s\n`);
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  const { quick, only } = options;
  const report: RunReport = { environment: readEnvironment(), quick, only, failed, seconds, workload: workloadNote(), lines };
  console.log(`\n${renderReport(report)}\n`);
  mkdirSync(RESULTS, { recursive: true });
  const target = isComplete(report) ? LATEST : new URL('partial.json', RESULTS);
  writeFileSync(target, `${JSON.stringify(report, null, 2)}\n`);
  if (options.write && isComplete(report)) writeDocuments(report);
  return summarise(report);
}

function summarise(report: RunReport): number {
  const missed = misses(report);
  const judged = report.lines.filter((line) => line.target !== undefined).length;
  console.log(`${judged - missed.length} of ${judged} targets reached in ${report.seconds} s.`);
  for (const { group, name } of missed) console.log(`missed: ${group}: ${name}`);
  for (const name of report.failed) console.log(`failed: ${name}, see above`);
  if (!isComplete(report)) console.log('This was not a complete run: its figures are for a look, not for quoting.');
  return missed.length + report.failed.length === 0 ? 0 : 1;
}

function writeDocuments(report: RunReport): void {
  for (const { path, url, text } of markedDocuments()) {
    writeFileSync(url, replaceBetweenMarkers(text, MARKER, `\n${renderReport(report)}\n`));
    console.log(`wrote ${path}`);
  }
}

function checkDocuments(): number {
  if (!existsSync(LATEST)) {
    console.error('There is no complete run to compare with; run `npm run bench` first.');
    return 2;
  }
  const report = JSON.parse(readFileSync(LATEST, 'utf8')) as RunReport; // written by runAll
  const stale = markedDocuments().filter(({ text }) => betweenMarkers(text, MARKER) !== renderReport(report));
  for (const { path } of stale)
    console.error(`${path} does not show what the last complete run printed; run \`npm run bench -- --write\`.`);
  if (stale.length === 0) console.log('The tables in the documents are those of the last complete run.');
  return stale.length === 0 ? 0 : 1;
}

function markedDocuments(): { readonly path: string; readonly url: URL; readonly text: string }[] {
  return DOCUMENTS.map((path) => ({ path, url: new URL(path, ROOT) }))
    .filter(({ url }) => existsSync(url))
    .map(({ path, url }) => ({ path, url, text: readFileSync(url, 'utf8') }))
    .filter(({ text }) => hasMarkers(text, MARKER));
}
