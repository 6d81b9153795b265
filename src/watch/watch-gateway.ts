import { map, Observable, type Subscriber, shareReplay } from 'rxjs';
import type { GatewayStatus } from '../client/gateway-status.ts';
import type { Clock } from '../domain/clock.ts';
import { InvalidConfiguration } from '../domain/errors.ts';
import type { EngineMetrics } from '../engine/queue-info.ts';
import type { StatusChange } from '../engine/status-feed.ts';
import { namesUser } from '../lib/names-user.ts';
import { systemClock, systemRandom } from '../lib/system-clock.ts';
import { type Connection, type ConnectionParts, followEvents } from './follow-events.ts';

export interface WatchOptions {
  /** A key of the gateway; none where it asks for none. It travels in a header, never in an address. */
  readonly key?: string | undefined;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch | undefined;
  readonly clock?: Clock | undefined;
  /** Spreads reconnects; default the platform's randomness. */
  readonly random?: (() => number) | undefined;
  /** A connection on which nothing came for so long is given up and made anew; the gateway sends something every 15 s. Default 45,000. */
  readonly silenceMs?: number | undefined;
}

/** What {@link watchGateway} gives. */
export interface GatewayWatch {
  /**
   * How the gateway stands, whenever that has changed, at most every 250 ms. Shared with `metrics$`: one connection for all
   * subscribers of both, none while there are none; replays the last; completes on `close()`; errors with `WatchRefused`.
   */
  readonly status$: Observable<GatewayStatus>;
  /** The same as a sample of its engine. Shared, replays, completes and errors as `status$`. */
  readonly metrics$: Observable<EngineMetrics>;
  /**
   * How the connection of `status$` and `metrics$` stands. Hot; it connects nothing itself; replays the last; completes after
   * `closed`; never errors.
   */
  readonly connection$: Observable<Connection>;
  /**
   * One request's status changes, as `handle.status$` in process. One connection for all subscribers; replays the last;
   * completes after the terminal one, and on `close()`; errors with `WatchRefused`, whose `status` is 404 for a request that
   * the gateway does not know.
   */
  request$(id: string): Observable<StatusChange>;
  /** Ends every stream and connection. Idempotent. */
  close(): void;
}

/**
 * Watches a gateway from a browser or Node. Connections that are lost are made again for as long as somebody is subscribed, later each time (1 to
 * 30 s, spread, and not before `retry-after`). An answer that no repetition mends (401, 403, 404, another
 * 4xx, a redirect, something that is no event stream) ends the stream with `WatchRefused`; subscribing again tries again.
 * Throws `InvalidConfiguration` for a wrong address or key.
 * @param url the gateway's address, as `https://gateway.example.com`; in a browser also relative to the page
 */
export function watchGateway(url: string, options: WatchOptions = {}): GatewayWatch {
  return new Watch(baseOf(url), partsOf(options));
}

class Watch implements GatewayWatch {
  readonly status$: Observable<GatewayStatus>;
  readonly metrics$: Observable<EngineMetrics>;
  readonly connection$: Observable<Connection>;
  readonly #base: string;
  readonly #parts: ConnectionParts;
  readonly #requests = new Map<string, Observable<StatusChange>>();
  /** Completes what is open. */
  readonly #open = new Set<() => void>();
  readonly #onlookers = new Set<Subscriber<Connection>>();
  #connection: Connection = { state: 'idle' };

  constructor(base: string, parts: ConnectionParts) {
    this.#base = base;
    this.#parts = parts;
    this.status$ = this.#stream<GatewayStatus>('/status/events', (connection) => this.#show(connection));
    this.metrics$ = this.status$.pipe(map(metricsOf));
    this.connection$ = new Observable((subscriber) => {
      this.#onlookers.add(subscriber);
      subscriber.add(() => this.#onlookers.delete(subscriber));
      subscriber.next(this.#connection);
      if (this.#isClosed) subscriber.complete();
    });
  }

  request$(id: string): Observable<StatusChange> {
    const known = this.#requests.get(id);
    if (known !== undefined) return known;
    const remember = ({ state }: Connection): void => {
      if (state === 'idle' || state === 'refused') this.#requests.delete(id);
      else this.#requests.set(id, changes$);
    };
    const changes$ = this.#stream<StatusChange>(`/v1/requests/${encodeURIComponent(id)}/events`, remember, isLast);
    this.#requests.set(id, changes$);
    return changes$;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#connection = { state: 'closed' };
    for (const complete of [...this.#open]) complete();
    this.#show(this.#connection);
    for (const onlooker of [...this.#onlookers]) onlooker.complete();
  }

  get #isClosed(): boolean {
    return this.#connection.state === 'closed';
  }

  #show(connection: Connection): void {
    if (this.#isClosed && connection.state !== 'closed') return;
    this.#connection = connection;
    for (const onlooker of [...this.#onlookers]) onlooker.next(connection);
  }

  /** The values of an event stream, for as long as anybody is subscribed. */
  #stream<T>(path: string, onConnection: (connection: Connection) => void, isOver: (value: T) => boolean = () => false): Observable<T> {
    return new Observable<T>((subscriber) => {
      if (this.#isClosed) {
        subscriber.complete();
        return;
      }
      const leaving = new AbortController();
      const { signal } = leaving;
      const complete = (): void => subscriber.complete();
      this.#open.add(complete);
      let isRefused = false;
      subscriber.add(() => {
        this.#open.delete(complete);
        leaving.abort();
        if (!isRefused) onConnection({ state: 'idle' });
      });
      let last = '';
      const onEvent = ({ data }: { readonly data: string }): void => {
        // After a reconnect the gateway says again where things stand.
        if (data === last) return;
        const value = JSON.parse(data) as T;
        last = data;
        subscriber.next(value);
        if (isOver(value)) subscriber.complete();
      };
      followEvents({ ...this.#parts, url: this.#base + path, signal, onEvent, onConnection }).catch((error: Error) => {
        isRefused = true;
        onConnection({ state: 'refused', error });
        subscriber.error(error);
      });
    }).pipe(shareReplay({ bufferSize: 1, refCount: true }));
  }
}

function isLast({ status }: StatusChange): boolean {
  return status === 'completed' || status === 'failed';
}

function metricsOf({ at, models }: GatewayStatus): EngineMetrics {
  const sum = (field: 'queueSize' | 'processing'): number => models.reduce((total, model) => total + model[field], 0);
  const byId = Object.fromEntries(models.map((model) => [model.modelId, model]));
  return { at, queueSize: sum('queueSize'), processing: sum('processing'), models: byId };
}

function partsOf({ key, fetch: given, clock = systemClock, random = systemRandom, silenceMs = 45_000 }: WatchOptions): ConnectionParts {
  // What a header cannot hold would show in the error of whoever tries.
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key))
    throw new InvalidConfiguration('watchGateway: `key` is no key: it has characters that a header cannot hold.', 'key');
  if (!(silenceMs > 0))
    throw new InvalidConfiguration(`watchGateway: 'silenceMs' is ${silenceMs}; expected milliseconds > 0.`, 'silenceMs');
  // A browser's fetch must be called as the window's own.
  return { key, fetch: given ?? ((input, init) => globalThis.fetch(input, init)), clock, random, silenceMs };
}

function baseOf(url: string): string {
  if (namesUser(url)) throw new InvalidConfiguration('watchGateway: the address names a user or a password; pass `key` instead.', 'url');
  const page = globalThis.location?.href;
  const base = URL.canParse(url, page) ? new URL(url, page) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol))
    throw new InvalidConfiguration(`watchGateway: '${url}' is no address of a gateway; expected one as http://127.0.0.1:8080.`, 'url');
  return base.origin + base.pathname.replace(/\/+$/, '');
}
