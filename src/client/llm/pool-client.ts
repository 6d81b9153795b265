import type { Upstream } from '../dispatch/upstream.ts';

/** The connections of one key, from opening to closing: one for each of its models, made when it is first called. */
class Connection {
  readonly openedAt: number;
  inUse = 0;
  readonly #open: (model: string | undefined) => Upstream;
  readonly #upstreams = new Map<string | undefined, Upstream>();
  #isRetired = false;
  #settle: () => void = () => {};
  /** Resolves once it is closed. */
  readonly closed: Promise<void>;

  constructor(openedAt: number, open: (model: string | undefined) => Upstream) {
    this.openedAt = openedAt;
    this.#open = open;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  upstream(model: string | undefined): Upstream {
    const known = this.#upstreams.get(model);
    if (known !== undefined) return known;
    const opened = this.#open(model);
    this.#upstreams.set(model, opened);
    return opened;
  }

  release(): void {
    this.inUse -= 1;
    this.#closeWhenUnused();
  }

  /** Takes no new call; closes when the last one is over. */
  retire(): void {
    this.#isRetired = true;
    this.#closeWhenUnused();
  }

  #closeWhenUnused(): void {
    if (!this.#isRetired || this.inUse > 0) return;
    // Whatever closing says: nobody uses it any more.
    void Promise.allSettled([...this.#upstreams.values()].map((each) => each.close())).then(() => this.#settle());
  }
}

/** One call's hold on a client. */
export interface Lease {
  readonly upstream: Upstream;
  /** Idempotent. */
  release(failed: boolean): void;
}

/** A pool's client: the one of a key. Open or closed; open, it carries any number of calls at once. */
export class PoolClient {
  readonly id: string;
  totalRequests = 0;
  errorCount = 0;
  /** Monotonic; when a call last started or ended, or it was opened. */
  lastUsedAt = 0;
  lastCheckedAt = 0;
  /** False from a health check that failed to one that passes. */
  healthy = true;
  readonly #open: (model: string | undefined) => Upstream;
  #connection: Connection | undefined;
  readonly #retiring = new Set<Connection>();
  #retiredInUse = (): number => [...this.#retiring].reduce((sum, { inUse }) => sum + inUse, 0);

  constructor(id: string, open: (model: string | undefined) => Upstream) {
    this.id = id;
    this.#open = open;
  }

  get isOpen(): boolean {
    return this.#connection !== undefined;
  }

  get openedAt(): number {
    return this.#connection?.openedAt ?? 0;
  }

  /** Calls that run over it now, those of a connection that was replaced included. */
  get inUse(): number {
    return (this.#connection?.inUse ?? 0) + this.#retiredInUse();
  }

  open(now: number): void {
    if (this.#connection !== undefined) return;
    this.#connection = new Connection(now, this.#open);
    this.lastUsedAt = now;
    this.lastCheckedAt = now;
  }

  /** Closes once the calls that run are over; resolves then. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection !== undefined) this.#retire(connection);
    await Promise.all([...this.#retiring].map(({ closed }) => closed));
  }

  /** New calls get new connections; those that run keep theirs. */
  renew(now: number): void {
    const connection = this.#connection;
    this.#connection = new Connection(now, this.#open);
    if (connection !== undefined) this.#retire(connection);
  }

  /** A connection to ask something with that is no call. */
  upstream(model: string | undefined): Upstream | undefined {
    return this.#connection?.upstream(model);
  }

  lease(model: string | undefined, now: number, clock: () => number): Lease {
    this.open(now);
    const connection = this.#connection;
    if (connection === undefined) throw new Error('A client that was just opened is open.');
    const upstream = connection.upstream(model);
    connection.inUse += 1;
    this.totalRequests += 1;
    this.lastUsedAt = now;
    let released = false;
    const release = (failed: boolean): void => {
      if (released) return;
      released = true;
      if (failed) this.errorCount += 1;
      this.lastUsedAt = clock();
      connection.release();
    };
    return { upstream, release };
  }

  #retire(connection: Connection): void {
    this.#retiring.add(connection);
    void connection.closed.then(() => this.#retiring.delete(connection));
    connection.retire();
  }
}
