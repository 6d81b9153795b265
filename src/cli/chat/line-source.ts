import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Lines as they are typed or piped in, one at a time; what comes while nobody asks waits. */
export class LineSource {
  readonly #interface: Interface;
  readonly #lines: string[] = [];
  #waiting: ((line: string | undefined) => void) | undefined;
  #isEnded = false;

  /** @param onInterrupt is told of Ctrl-C where the terminal hands it to us as a key */
  constructor(input: Readable, output: Writable, isTerminal: boolean, onInterrupt: () => void) {
    this.#interface = createInterface({ input, ...(isTerminal && { output, prompt: '> ' }), terminal: isTerminal });
    this.#interface.on('line', (line) => this.#arrived(line));
    this.#interface.on('close', () => this.#end());
    this.#interface.on('SIGINT', onInterrupt);
  }

  /** The next line; undefined at the end. */
  next(): Promise<string | undefined> {
    const line = this.#lines.shift();
    if (line !== undefined || this.#isEnded) return Promise.resolve(line);
    this.#interface.prompt();
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Ends at once; lines that wait are dropped. */
  close(): void {
    this.#lines.length = 0;
    this.#interface.close();
    this.#end();
  }

  #arrived(line: string): void {
    if (this.#isEnded) return;
    if (this.#waiting === undefined) this.#lines.push(line);
    else this.#hand(line);
  }

  #end(): void {
    this.#isEnded = true;
    this.#hand(undefined);
  }

  #hand(line: string | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(line);
  }
}
