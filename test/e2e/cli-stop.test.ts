import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/simulator/index.ts';
import {
  type Ended,
  Headgate,
  headgate,
  promptIds,
  promptLines,
  results,
  type SimulatorProcess,
  simulator,
  temporaryFolder,
} from './cli-harness.ts';

const SEED = Number(process.env['TEST_SEED'] ?? 20_250_601);

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves once the provider has accepted `count` calls; throws when the run ends before, or after half a minute. */
async function untilAccepted(count: number, run: Headgate, stats: SimulatorProcess['stats']): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  let ended: Ended | undefined;
  void run.ended.then((end) => {
    ended = end;
  });
  for (;;) {
    const { accepted } = await stats();
    if (accepted >= count) return;
    if (ended !== undefined) throw new Error(`The run ended with ${ended.code} after ${accepted} of ${count} calls: ${ended.stderr}`);
    if (performance.now() > giveUpAt) throw new Error(`Only ${accepted} of ${count} calls in 30 s: ${run.stderr}`);
    await Promise.race([run.ended, pause(20)]);
  }
}

describe('a run that is stopped', () => {
  it('by the first signal finishes what is in flight, and goes on next time', async () => {
    const { url, stats } = await simulator('--rpm', '1000000', '--latency', '300');
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'in.jsonl'), promptLines(300));
    const args = ['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', url, '--concurrency', '20'];
    const run = new Headgate(args, { cwd });
    await untilAccepted(30, run, stats);
    run.process.kill('SIGINT');
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/Waiting for \d+ calls in flight; once more stops at once/);
    expect(stderr).toMatch(/Stopped with \d+ of 300 left\. Run the same command again to go on/);
    const { accepted } = await stats();
    // Every call that was made is paid for, so its answer is there.
    expect(results(join(cwd, 'out.jsonl'))).toHaveLength(accepted);
    expect(accepted).toBeLessThan(300);
    expect((await headgate(args, { cwd })).code).toBe(0);
    expect(
      results(join(cwd, 'out.jsonl'))
        .map((line) => line.custom_id)
        .sort(),
    ).toEqual(promptIds(300));
    expect((await stats()).accepted).toBe(300);
  });

  it('by the second signal ends at once', async () => {
    const { url, stats } = await simulator('--rpm', '1000000', '--latency', '60000');
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'in.jsonl'), promptLines(10));
    const run = new Headgate(['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', url], { cwd });
    await untilAccepted(10, run, stats);
    run.process.kill('SIGINT');
    await run.prints(({ stderr }) => stderr.includes('once more'));
    run.process.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(results(join(cwd, 'out.jsonl'))).toEqual([]);
  });

  it('while it waits for a limit ends soon', async () => {
    const { url, stats } = await simulator('--rpm', '1000000');
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'in.jsonl'), promptLines(10));
    const run = new Headgate(['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', url, '--rpm', '4'], { cwd });
    await untilAccepted(4, run, stats);
    run.process.kill('SIGTERM');
    expect((await run.ended).code).toBe(130);
    expect(results(join(cwd, 'out.jsonl'))).toHaveLength(4);
  });
});

describe('a run that is killed', () => {
  it('five times at random moments answers every line once and stays within every window', async () => {
    const lines = 20_000;
    const concurrency = 64;
    const limits = ['--rpm', '4000', '--tpm', '32800', '--window-seconds', '4'];
    const { url, stats } = await simulator(...limits, '--mechanism', 'sliding', '--latency', '5-25', '--count-delay', '0-5');
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'in.jsonl'), promptLines(lines));
    // Both sides share a busy machine: the provider may take a whole second to take a call off its socket.
    const counted = ['--counted-within', '1000'];
    const args = [
      'run',
      'in.jsonl',
      '-o',
      'out.jsonl',
      '--model',
      'm',
      '--base-url',
      url,
      '--concurrency',
      `${concurrency}`,
      ...limits,
      ...counted,
    ];
    const random = new SeededRandom(SEED);
    const moments: number[] = [];
    for (let kill = 0; kill < 5; kill++) {
      const run = new Headgate(args, { cwd });
      const ms = random.integer({ min: 600, max: 3500 });
      moments.push(ms);
      await pause(ms);
      run.process.kill('SIGKILL');
      await run.ended;
    }
    const { code, stdout } = await headgate([...args, '--json'], { cwd });
    const context = `seed ${SEED}, killed after ${moments.join(', ')} ms`;
    expect(code, context).toBe(0);
    expect(JSON.parse(stdout), context).toMatchObject({ total: lines, failed: 0, refusals: 0 });
    expect(
      results(join(cwd, 'out.jsonl'))
        .map((line) => line.custom_id)
        .sort(),
      context,
    ).toEqual(promptIds(lines));
    const { accepted, refused, limits: seen } = await stats();
    expect(refused, context).toBe(0);
    expect(accepted, context).toBeGreaterThanOrEqual(lines);
    expect(accepted, context).toBeLessThanOrEqual(lines + 5 * concurrency);
    for (const { type, limit, mostInAnyWindow } of seen) expect(mostInAnyWindow, `${type}, ${context}`).toBeLessThanOrEqual(limit);
  });
});
