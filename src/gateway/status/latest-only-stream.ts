import { Readable } from 'node:stream';

/**
 * What one slow or fast reader is sent: at most one text waits for it, always the latest. Whatever came while it read
 * another is left out, so that a reader that stands still costs one text.
 */
export class LatestOnlyStream extends Readable {
  #wanted = false;
  #latest: string | undefined;

  constructor() {
    super({ highWaterMark: 1 });
  }

  /** Sends a text as soon as it can be taken, unless another comes before that. */
  offer(text: string): void {
    if (this.#wanted) this.#wanted = this.push(text);
    else this.#latest = text;
  }

  /** Sends a text now or never. */
  offerNow(text: string): void {
    if (this.#wanted) this.#wanted = this.push(text);
  }

  /** Nothing more comes. A reader that hasn't taken what it was sent last is cut off. */
  finish(): void {
    if (this.#wanted) this.push(null);
    else this.destroy();
  }

  override _read(): void {
    const latest = this.#latest;
    this.#latest = undefined;
    this.#wanted = latest === undefined || this.push(latest);
  }
}
