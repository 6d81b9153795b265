import { setTimeout as sleep } from 'node:timers/promises';

/** An answer to one of a load's requests. */
export interface Answered {
  /** When it was sent and answered, by `performance.now()`. */
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
}

/** Sends requests at a steady rate, whatever becomes of those before. */
export class SteadyLoad {
  readonly answers: Answered[] = [];
  /** Requests that no answer came to. */
  readonly broken: unknown[] = [];
  readonly #send: () => Promise<Response>;
  readonly #everyMs: number;
  readonly #underWay = new Set<Promise<void>>();
  #isOver = false;
  #running: Promise<void> | undefined;

  constructor(perSecond: number, send: () => Promise<Response>) {
    this.#send = send;
    this.#everyMs = 1000 / perSecond;
  }

  start(): this {
    this.#running = this.#run();
    return this;
  }

  /** Resolves once the last answer is there. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    await Promise.all(this.#underWay);
  }

  /** Longest time that an answer took of those sent within a time, in ms. */
  slowest(from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): number {
    return Math.max(0, ...this.answers.filter(({ sentAt }) => sentAt >= from && sentAt < to).map(took));
  }

  async #run(): Promise<void> {
    const beganAt = performance.now();
    for (let sent = 0; !this.#isOver; sent++) {
      const sending = this.#sendOne().finally(() => this.#underWay.delete(sending));
      this.#underWay.add(sending);
      await sleep(Math.max(0, beganAt + (sent + 1) * this.#everyMs - performance.now()));
    }
  }

  async #sendOne(): Promise<void> {
    const sentAt = performance.now();
    try {
      const response = await this.#send();
      const body = await response.text();
      this.answers.push({ sentAt, answeredAt: performance.now(), status: response.status, body, headers: response.headers });
    } catch (error) {
      this.broken.push(error);
    }
  }
}

export function took({ sentAt, answeredAt }: Answered): number {
  return answeredAt - sentAt;
}
