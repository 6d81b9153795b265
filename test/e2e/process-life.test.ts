import { spawn } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';

const ENTRY = new URL('../../src/index.ts', import.meta.url).href;
const PATIENCE_MS = 20_000;

interface Lived {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** Runs a program of a user in a process of its own until the process ends by itself. */
async function live(program: string): Promise<Lived> {
  const began = performance.now();
  const source = `import { QueueManager, RateLimitRefused } from '${ENTRY}';\n${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { timeout: PATIENCE_MS, killSignal: 'SIGKILL' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  return { code, stdout, stderr, ms: performance.now() - began };
}

describe('the life of a process', () => {
  it('ends by itself when the engine is idle, though it was never shut down and is watched', async () => {
    const { code, stdout, stderr } = await live(`
      const manager = new QueueManager({ inspect: () => {} });
      manager.metrics$.subscribe();
      manager.events$.subscribe();
      manager.registerQueue(
        { modelId: 'm', rateLimiters: [{ type: 'rpm', limit: 1 }, { type: 'tpd', limit: 1000 }], requestTimeoutSeconds: 600, retry: { maxAttempts: 3 } },
        async () => 'done',
      );
      manager.queue$('m').subscribe();
      const { signal } = new AbortController();
      const response = await manager.submitRequest({ modelId: 'm', signal, deadline: Date.now() + 3_600_000 });
      console.log(response.result);
    `);
    expect(stderr).toBe('');
    expect(stdout).toBe('done\n');
    expect(code).toBe(0);
  });

  it('goes on while a request waits for a limit, a retry or a pause, with nothing else to keep it alive', async () => {
    const { code, stdout } = await live(`
      const manager = new QueueManager({ random: () => 0.999 });
      let calls = 0;
      manager.registerQueue(
        { modelId: 'm', rateLimiters: [{ type: 'rpm', limit: 3, timePeriod: 0.5, countedWithinMs: 0 }], retry: { maxAttempts: 2, baseDelayMs: 200 } },
        () => {
          calls++;
          if (calls === 1) throw Object.assign(new Error('again'), { retryable: true });
          if (calls === 2) throw new RateLimitRefused({ retryAfterMs: 200 });
          return calls;
        },
      );
      for (let i = 0; i < 5; i++) manager.submit({ modelId: 'm', id: String(i) }).response.then(({ status }) => console.log(status));
    `);
    expect(stdout).toBe('completed\n'.repeat(5));
    expect(code).toBe(0);
  });

  it('ends at once after a forced shutdown, whatever was under way', async () => {
    const { code, stdout, ms } = await live(`
      const manager = new QueueManager();
      manager.metrics$.subscribe();
      manager.registerQueue({ modelId: 'm', rateLimiters: [{ type: 'rpm', limit: 2 }], retry: { maxAttempts: 9, baseDelayMs: 60000 } }, ({ id }) => {
        if (id === 'refused') throw new RateLimitRefused({ retryAfterMs: 60000 });
        return new Promise(() => {});
      });
      const handles = ['endless', 'refused', 'waiting'].map((id) => manager.submit({ modelId: 'm', id }));
      setTimeout(async () => {
        await manager.shutdownAll({ force: true });
        for (const handle of handles) console.log((await handle.response).reason);
      }, 50);
    `);
    expect(stdout).toBe('shutdown\n'.repeat(3));
    expect(code).toBe(0);
    expect(ms).toBeLessThan(PATIENCE_MS / 2);
  });
});
