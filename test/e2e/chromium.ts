import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHROMIUM_MISSING, findChromium } from '../../scripts/ensure-chromium.ts';

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--window-size=900,1100',
  '--remote-debugging-port=0',
];

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } } };
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** One page in a headless Chromium of its own, driven over the DevTools protocol. */
export class BrowserPage {
  /** Exceptions that nobody in the page caught. */
  readonly uncaught: string[] = [];
  readonly #browser: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #id = 0;

  private constructor(browser: ChildProcess, profile: string, socket: WebSocket) {
    this.#browser = browser;
    this.#profile = profile;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#received(JSON.parse(data) as Reply);
  }

  /** Starts a browser and opens `url`. Close it in a `finally`. */
  static async open(url: string): Promise<BrowserPage> {
    const executable = findChromium();
    if (executable === undefined) throw new Error(CHROMIUM_MISSING);
    const profile = mkdtempSync(join(tmpdir(), 'headgate-chromium-'));
    const browser = spawn(executable, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      const endpoint = new URL(await devtoolsUrl(browser));
      const targets = (await (await fetch(`http://${endpoint.host}/json/list`)).json()) as { type: string; webSocketDebuggerUrl: string }[];
      const target = targets.find(({ type }) => type === 'page');
      if (target === undefined) throw new Error('Chromium opened no page.');
      const page = new BrowserPage(browser, profile, await connected(target.webSocketDebuggerUrl));
      await page.#send('Runtime.enable');
      await page.#send('Page.enable');
      await page.#send('Page.navigate', { url });
      return page;
    } catch (error) {
      await stop(browser, profile);
      throw error;
    }
  }

  /** The value of an expression in the page; a promise is awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(`In the page: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value?: unknown }).value;
  }

  /** Waits until an expression in the page is truthy, and returns its value. */
  async waitFor(expression: string, limitMs = 30_000): Promise<unknown> {
    const end = performance.now() + limitMs;
    for (;;) {
      // While the page loads, what the expression names may not be there yet.
      const value = await this.evaluate(`(() => { try { return ${expression} } catch { return undefined } })()`).catch(() => undefined);
      if (value) return value;
      if (performance.now() > end) throw new Error(`Not true in the page within ${limitMs} ms: ${expression}\n${this.uncaught.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** A picture of the page as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(String(data), 'base64');
  }

  async close(): Promise<void> {
    this.#socket.close();
    await stop(this.#browser, this.#profile);
  }

  #send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => (error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result ?? {})));
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  #received(reply: Reply): void {
    if (reply.id !== undefined) {
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    } else if (reply.method === 'Runtime.exceptionThrown') {
      const details = reply.params?.exceptionDetails;
      this.uncaught.push(details?.exception?.description ?? details?.text ?? 'an exception');
    }
  }
}

function devtoolsUrl(browser: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    browser.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const url = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    browser.on('error', reject);
    browser.on('exit', (code) => reject(new Error(`Chromium ended with code ${code}: ${said}`)));
  });
}

function connected(url: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error(`No connection to ${url}`));
  });
}

async function stop(browser: ChildProcess, profile: string): Promise<void> {
  if (browser.exitCode === null && browser.signalCode === null && browser.pid !== undefined) {
    const ended = new Promise((resolve) => browser.once('exit', resolve));
    browser.kill('SIGKILL');
    await ended;
  }
  // Its helpers may still be writing into the profile.
  rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
