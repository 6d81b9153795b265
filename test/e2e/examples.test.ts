import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { describe, expect, it } from 'vitest';
import { freshDatabase } from '../servers/fresh-database.ts';
import { anyRedis } from '../servers/redis.ts';
import { BrowserPage } from './chromium.ts';
import { serveFolder } from './serve-folder.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const MOST_LINES = 60;

/** Lines that the output must have, in this order; others may stand between them. */
const KEY_LINES: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  'adding-a-model.ts': [
    'waiting, with two a minute: {"old-model":4}',
    'registered new-model, skipped old-model',
    'answer of new-model',
    'after the limit was raised: {"old-model":0,"new-model":0}',
    'while paused: {"old-model":0,"new-model":1}',
    'resumed: completed',
    'left: new-model',
  ],
  'ai-sdk.ts': [
    '30 answers through fetch',
    'streamed through the middleware: the new may are our (5 tokens)',
    /^the provider: 31 accepted, \d+ refused$/,
  ],
  'anthropic-sdk.ts': [
    '30 answers',
    'streamed: the new may are our',
    'deployment anthropic-1',
    'deployment anthropic-2',
    /^key 0: 1\d requests$/,
    /^key 1: 1\d requests$/,
    /^refused: \d+$/,
  ],
  'api-server.ts': [
    '200 You asked: What is a weir?',
    '401 user-id header is missing',
    '404 Invalid request type',
    '200 You asked: And a sluice?',
    /^429 Too many requests, please try again in \d\d seconds (59|60)$/,
  ],
  'basic.ts': ['status: completed', 'result: You said: Hello!', 'used: 1 of 10'],
  'batch.ts': [
    'submitted 100, waiting 100',
    '25 done',
    '100 done',
    'completed 100, failed 0, refused by the provider 0',
    /^most in any half second at the provider: (3\d|40) of 40$/,
  ],
  'chat.ts': ['Paris.', 'stop, 8 tokens in, 2 out', 'Madrid.', 'Lisbon in Portugal'],
  'concurrent-against-per-period.ts': [
    /^two-at-once: 6 requests, at most 2 at once, (0\.1[4-9]|0\.[2-4]\d) s$/,
    /^four-per-period: 6 requests, at most 4 at once, (0\.[5-9]\d|1\.\d\d) s$/,
  ],
  'conversation.ts': [
    'What should I see first? → I see 2 messages.',
    'How do I get back? → I see 6 messages.',
    'kept: system user assistant user assistant',
    /^used: 4 requests, \d+ tokens$/,
    'resumed: I see 6 messages.',
    'sessions: default, another guest',
  ],
  'custom-middleware.ts': [
    'What is the key? → The key is [key].',
    'What is the key? → The key is [key].',
    'And now? → The key is [key].',
    'calls at the provider: 2',
    'without it: The key is sk-secret-123.',
  ],
  'database-telemetry.ts': [
    /^Too many requests, please try again in (60|59) seconds$/,
    'anna: 4 calls, 15 tokens, 1 failed',
    'ben: 1 calls, 5 tokens, 0 failed',
  ],
  'error-handling.ts': [
    'hello: completed: fine',
    'break: failed in the processor (processing_error); thrown: Error: the provider said 400',
    'hang: out of time (attempt_timeout)',
    'huge: can never run (request_too_large)',
    'cancel: cancelled (cancelled)',
    /^submit threw ModelNotRegistered \(model_not_registered\): Model 'gpt-5' is not registered/,
    'shutdown: the engine was stopped (engine_stopped)',
  ],
  'executors.ts': ['200 an answer from gpt-4o', '200 1 vector from ada', '404 Invalid request type'],
  'failover.ts': [
    'europe available, circuit closed; america available, circuit closed',
    '20 of 20 answered; europe took 20, america failed 5',
    'europe available, circuit closed; america cooling, circuit open',
  ],
  'fifty-in-parallel.ts': [
    'after the first answer: some wait, 3 keys in use',
    /^50 answers in (1\.[5-9]|[2-9]\.\d) s$/,
    /^openai-1: \d+ calls$/,
    /^openai-2: \d+ calls$/,
    /^openai-3: \d+ calls$/,
    /^the provider refused \d+$/,
  ],
  'fire-and-forget.ts': [
    'at once: pending',
    'a moment later: processing',
    'later: completed, result: PROCESS THIS LATER',
    'usage corrected: true',
    'an id nobody knows: null',
  ],
  'gateway-tenants.ts': [
    "support, who came after crawler's 100, waited less than half as long: true",
    'crawler asks for large: 403 model_forbidden',
    "support's fourth: answered",
    "support's fifth: 429 user_rate_limit",
    'somebody: 401 unknown_key',
  ],
  'gateway.ts': [
    'OpenAI: the new may are our, from east in 1 attempt',
    'Anthropic: text 5 tokens',
    /^30 answers; the provider refused \d+$/,
    'in a second: some answered true, all others too late true',
  ],
  'handling-a-limit.ts': [
    '4 of 5 requests left',
    'six calls, five a second: it took more than a second: true',
    'with a deadline: some gave up: true; may be tried again: true',
    'too large: more than the whole tpm of 5000',
    /^refused by the provider: \d+$/,
  ],
  'inspector.ts': [
    /^Open http:\/\/localhost:\d+ to see the actors/,
    'engine: running',
    'model:gpt-4o: accepting',
    /^gpt-4o\/rpm\/0\.5s: (open|exhausted)$/,
    'requests: active',
    'request 0: completed',
    'request 1: completed',
    'request 2: completed',
  ],
  'langchain.ts': ['one answer: string', 'a batch of 10', 'streamed: the new may are our', /^the provider: 12 accepted, \d+ refused$/],
  'logging-and-time.ts': [
    /^\{.*"name":"llm_queue.my_app","requestId":"logged","prompt":"\[redacted\]","msg":"calling the provider"\}$/,
    'took at least 0.05 s: true',
    'The operation took longer than 0.05 s and was aborted.',
  ],
  'metrics-export.ts': [
    /^LLMProviderError: Deployment 'openai-1': This model's maximum context length is/,
    'requests 6, success rate 0.83, retries 1',
    'average latency known: true',
    'llm_requests_total{model="gpt-4o"} 6',
    'llm_completion_tokens_total{model="gpt-4o"} 50',
    'engine: 5 completed, 1 failed, 1 retried',
  ],
  'monitoring.ts': [
    '/healthz 200',
    '/readyz 200',
    'some waited: true',
    'completed: 20 - waiting: 0',
    'east: available - circuit closed',
    'output tokens of everybody: 200',
    'headgate_requests_total{model="gpt-4o",tenant="",outcome="completed"} 20',
    'headgate_attempts_total{model="gpt-4o",tenant=""} 20',
    'headgate_tokens_total{model="gpt-4o",tenant="",kind="output"} 200',
    /^headgate_cost_total\{model="gpt-4o",tenant=""\} 0\.00\d+$/,
    'headgate_queue_depth{model="gpt-4o",tenant=""} 0',
  ],
  'openai-sdk.ts': [
    'streamed: the new may are our',
    '50 answers',
    /^the provider: 51 accepted, \d+ refused, most in any second (1\d|20) of 20$/,
  ],
  'pool-monitor.ts': [
    'before: 1 of 1 clients available, 0 in use, 0 waiting',
    '  openai-1 (available): 0 requests, 0 errors, 30 requests and 5000 tokens left',
    'meanwhile: 2 of 2 clients available, 2 in use, 0 waiting',
    'request-completed',
    'after: 2 of 2 clients available, 0 in use, 0 waiting',
    /^ {2}openai-2 \(available\): 5 requests, 0 errors, 25 requests and 4\d\d\d tokens left$/,
  ],
  'priorities-and-tenants.ts': [
    'priority: urgent normal low',
    'tenants: big0 small0 big1 big2 small1 big3 big4 small2 big5 big6 small3 big7',
    'equal dedupeKey: summary other',
  ],
  'rag.ts': ['200 {', /^ {2}found: '(Headgates|Herons|Canals) .*',$/, "  answer: ' the new',", "  models: [ 'ada', 'gpt-4o' ]"],
  'redis-limits.ts': [/^Skipped: no Redis server is named/],
  'retry-and-refusals.ts': [
    'flaky: attempt 1 failed, waits for the next',
    'flaky: attempt 2 failed, waits for the next',
    'flaky: completed after 3 attempt(s), 3 call(s)',
    'broken: failed after 1 attempt(s), 1 call(s)',
    'limit rpm paused',
    'refused: refused, back to its place for 200 ms',
    'limit rpm available',
    'refused: completed after 1 attempt(s), 2 call(s)',
  ],
  'several-limits.ts': [
    /^after 2 s: rpm \d+ of 30, open$/,
    /^after 2 s: tpm \d+ of 15000, /,
    'after 2 s: concurrent 8 of 8, exhausted',
    /^100 of 100 completed in \d+ s of the provider's time$/,
    /^at the provider: rpm at most \d+ of 30$/,
    /^at the provider: tpm at most 1[45]\d\d\d of 15000$/,
    'refused: 0',
  ],
  'shared-quota.ts': [
    'gpt-4o: waiting 50, running 0; gpt-4o family 60/60, own 0/5',
    'gpt-4o-2024-08-06: waiting 50, running 0; gpt-4o family 60/60, own 0/5',
    '160 requests, 0 failed, 0 refused, most in a window 60 of 60',
  ],
  'streaming.ts': [
    'One, two, three, four, five.',
    'in pieces: true, 7 tokens, stop',
    'events: text, usage, finish',
    /^left after: One,/,
    'calls that still run: 0',
  ],
  'system-prompts.ts': [
    'one call: "Answer in French."',
    'several: "Answer in French.\\n\\nBe brief."',
    'of a conversation: "You are a cook."',
    'changed: "You are a gardener."',
  ],
  'typed-params.ts': [
    'result: Hello at temperature 0.7, stop',
    /^refused at submit: Request 'hot': 'params\.temperature': Too big/,
    /^refused on return: Request 'odd': 'result\.text' does not fit resultSchema/,
  ],
  'users-and-telemetry.ts': [
    'anna: 200 You asked: three',
    /^anna: 429 retry-after (60|59)$/,
    'ben: 200 You asked: one',
    'nobody: 401 user-id header is missing',
    '6 lines of telemetry with 14 fields',
    'refused: 1',
  ],
  'watching-a-request.ts': [
    'events$: request-submitted second',
    'status$: pending, queued, attempt 0',
    'explain: position 1, waiting for rpm, starts in less than half a second: true',
    'actor: pending',
    'status$: processing, calling, attempt 1',
    'actor: processing, attempt 1',
    'status$: completed, attempt 1',
    'status$ completed',
    'last of status$: completed',
    'events$: queue-drained gpt-4o',
  ],
};

interface Run {
  readonly code: number | null;
  readonly output: string;
}

/** Runs an example as a reader does, without a key and without a terminal. */
function run(file: string, env: Record<string, string> = {}, onOutput: (output: string) => void = () => {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(EXAMPLES, file)], {
      env: { PATH: process.env['PATH'] ?? '', CI: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 20_000,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        onOutput(output);
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

function expectInOrder(output: string, expected: readonly (string | RegExp)[]): void {
  const lines = output.split('\n');
  let at = 0;
  for (const line of expected) {
    const found = lines.findIndex((text, index) => index >= at && (typeof line === 'string' ? text === line : line.test(text)));
    if (found < 0) expect.fail(`No line ${line} after line ${at} of:\n${output}`);
    at = found + 1;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port.');
  return address.port;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const answer = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.on('connect', () => answer(true));
    socket.on('error', () => answer(false));
    socket.on('timeout', () => answer(false));
  });
}

async function acceptsSoon(host: string, port: number): Promise<boolean> {
  for (let attempt = 0; attempt < 50; attempt++) {
    if (await accepts(host, port)) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

describe('the examples', () => {
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts'));

  it('are all run here, are all in their README, and are short', () => {
    expect(files.sort()).toEqual(Object.keys(KEY_LINES).sort());
    const readme = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
    expect(files.filter((file) => !readme.includes(`](${file})`))).toEqual([]);
    const sources = [
      ...files,
      ...['react-page', 'gateway-page'].flatMap((page) =>
        readdirSync(join(EXAMPLES, page))
          .filter((name) => /\.tsx?$/.test(name))
          .map((name) => `${page}/${name}`),
      ),
    ];
    const lines = sources.map((file) => [file, readFileSync(join(EXAMPLES, file), 'utf8').trimEnd().split('\n').length] as const);
    expect(lines.filter(([, count]) => count > MOST_LINES)).toEqual([]);
  });

  it.each(Object.keys(KEY_LINES).filter((file) => file !== 'inspector.ts'))('%s runs and prints what it says', async (file) => {
    const { code, output } = await run(file);
    expectInOrder(output, KEY_LINES[file] ?? []);
    expect(code).toBe(0);
  });

  it('redis-limits.ts counts for two processes in one Redis', async () => {
    const redis = await anyRedis();
    const { code, output } = await run('redis-limits.ts', { REDIS_URL: redis.url });
    await redis.remove();
    expectInOrder(output, [
      'first process: You asked: one',
      'second process: You asked: two',
      'first process: You asked: three',
      /^second process: refused for (60|59) s$/,
    ]);
    expect(code).toBe(0);
  });

  it('database-telemetry.ts writes and asks Postgres as it does SQLite', async () => {
    const database = await freshDatabase();
    const { code, output } = await run('database-telemetry.ts', { DATABASE_URL: database.url });
    await database.drop();
    expectInOrder(output, KEY_LINES['database-telemetry.ts'] ?? []);
    expect(code).toBe(0);
  });

  it('inspector.ts shows the actors over a WebSocket that only this machine can reach', async () => {
    const port = await freePort();
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const outside = addresses.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address);
    const look = async (): Promise<boolean[]> => {
      // It says where it listens a moment before it does.
      const isHere = await acceptsSoon('127.0.0.1', port);
      return [isHere, ...(await Promise.all(outside.map((host) => accepts(host, port))))];
    };
    let reachable: Promise<boolean[]> | undefined;
    const { code, output } = await run('inspector.ts', { INSPECTOR_PORT: String(port) }, () => {
      reachable ??= look();
    });
    expectInOrder(output, KEY_LINES['inspector.ts'] ?? []);
    // Three of a second's eight; six where a second ended in between.
    expect(output.match(/^request \d/gm)?.length).toBeLessThanOrEqual(6);
    expect(code).toBe(0);
    expect(await reachable).toEqual([true, ...outside.map(() => false)]);
  });

  it('react-page shows the queue, the limits and every request, and follows them', async () => {
    const outDir = mkdtempSync(join(tmpdir(), 'headgate-react-'));
    await build({ root: join(EXAMPLES, 'react-page'), logLevel: 'error', build: { outDir, emptyOutDir: true } });
    const server = await serveFolder(outDir);
    const page = await BrowserPage.open(server.url);
    try {
      const numbers = '[...document.querySelectorAll(".numbers b")].map((b) => Number(b.textContent))';
      const statuses = '[...document.querySelectorAll(".status")].map((element) => element.textContent)';
      await page.waitFor('document.querySelectorAll(".status").length === 12');
      // Three at once by its own limit.
      await page.waitFor('document.querySelector("#running").textContent === "3"');
      expect(await page.evaluate('[...document.querySelectorAll(".limit span")].map((span) => span.textContent)')).toEqual([
        'rpm',
        'tpm',
        'concurrent',
      ]);
      await page.waitFor(`${numbers}.join() === "0,0,13,1"`);
      const last = (await page.evaluate(statuses)) as string[];
      expect(last.filter((status) => status === 'completed')).toHaveLength(11);
      expect(last[10]).toBe('failed');
      await page.evaluate('document.querySelector("button").click()');
      await page.waitFor(`${statuses}.slice(-5).some((status) => status === "pending" || status === "processing")`);
      await page.waitFor(`${numbers}.join() === "0,0,18,1"`);
      expect(page.uncaught).toEqual([]);
    } finally {
      await page.close();
      server.close();
      rmSync(outDir, { recursive: true, force: true });
    }
  });
});
