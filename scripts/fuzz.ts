import process from 'node:process';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { answersWell, fuzzWorld, leftBehind, Statuses } from '../test/gateway/fuzz/fuzz-run.ts';

/** `npm run fuzz -- --cases 100000 --seed N`: that many odd requests to the gateway's routes, and what became of them. */
const { values } = parseArgs({ options: { cases: { type: 'string', default: '100000' }, seed: { type: 'string' } } });
const cases = Number(values.cases);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
console.log(`${cases} cases, seed ${seed}`);

const unhandled: unknown[] = [];
for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, (error: unknown) => unhandled.push(error));

const world = await fuzzWorld();
const statuses = new Statuses();
const startedAt = performance.now();
const result = await fc.check(answersWell(world, statuses.count), { seed, numRuns: cases, verbose: fc.VerbosityLevel.None });
const seconds = (performance.now() - startedAt) / 1_000;
const left = leftBehind(world);
await world.close();

const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
const total = [...statuses.values()].reduce((sum, count) => sum + count, 0);
console.log(`${total} answers in ${seconds.toFixed(1)} s (${Math.round(total / seconds)}/s) · ${counts.join(' · ')}`);
console.log(`unhandled errors: ${unhandled.length} · calls left behind: ${left}`);
for (const error of unhandled.slice(0, 5)) console.error(error);
if (result.failed) console.error(fc.defaultReportMessage(result));
process.exitCode = result.failed || unhandled.length > 0 || left > 0 ? 1 : 0;
