import type { GatewayStatus } from '../../client/gateway-status.ts';
import type { Clock } from '../../domain/clock.ts';
import type { EngineMetrics } from '../../engine/queue-info.ts';
import type { Caller } from '../calls/caller.ts';
import { GatewayView, type StatusSources } from './gateway-view.ts';
import { LatestOnlyStream } from './latest-only-stream.ts';

const HEARTBEAT = ': still here\n\n';
/** A reading may take this share of the time until the next: where a million requests wait, samples are passed over. */
const BUSY_AT_MOST = 1 / 20;

export interface BroadcastOptions {
  readonly clock: Clock;
  readonly heartbeatMs: number;
  /** Readers at once; a quarter of them may be of one tenant. */
  readonly mostReaders: number;
}

interface Reader {
  readonly stream: LatestOnlyStream;
  readonly mayStay: () => Promise<boolean>;
}

/** Readers that may know the same. */
interface Audience {
  readonly caller: Caller;
  readonly readers: Set<Reader>;
  /** What they were told last, but for what changes by itself. */
  told: string;
}

/**
 * Tells every reader how the gateway stands: now, and with each of the engine's samples that shows a change; the last is of the
 * queues as they ended. One reading for all; none while nobody reads.
 */
export class StatusBroadcast {
  readonly #sources: StatusSources;
  readonly #options: BroadcastOptions;
  readonly #audiences = new Map<string, Audience>();
  #readers = 0;
  #samples: { unsubscribe(): void } | undefined;
  #beatAt = 0;
  #readAt = 0;
  #closed = false;

  constructor(sources: StatusSources, options: BroadcastOptions) {
    this.#sources = sources;
    this.#options = options;
  }

  /** @param mayStay asked with each heartbeat: keys get revoked. @returns undefined where there are as many readers as there may be */
  open(caller: Caller, mayStay: () => Promise<boolean>): LatestOnlyStream | undefined {
    const { mostReaders } = this.#options;
    const key = caller.isAdmin ? '' : `of ${caller.tenant}`;
    const known = this.#audiences.get(key);
    const isFull = this.#readers >= mostReaders || (!caller.isAdmin && (known?.readers.size ?? 0) >= mostReaders / 4);
    if (this.#closed || isFull) return undefined;
    const status = new GatewayView(this.#sources).of(caller);
    const audience = known ?? { caller, readers: new Set<Reader>(), told: lasting(status) };
    this.#audiences.set(key, audience);
    const reader = { stream: new LatestOnlyStream(), mayStay };
    reader.stream.offer(eventOf(status));
    this.#add(reader, audience, key);
    return reader.stream;
  }

  /** Ends every stream; none is opened any more. */
  close(): void {
    this.#closed = true;
    for (const { stream } of this.#everyone()) stream.finish();
  }

  #add(reader: Reader, audience: Audience, key: string): void {
    audience.readers.add(reader);
    if (this.#readers++ === 0) this.#begin();
    reader.stream.once('close', () => {
      audience.readers.delete(reader);
      if (audience.readers.size === 0) this.#audiences.delete(key);
      if (--this.#readers === 0) this.#samples?.unsubscribe();
    });
  }

  #begin(): void {
    this.#beatAt = this.#options.clock.now() + this.#options.heartbeatMs;
    let last: EngineMetrics | undefined;
    this.#samples = this.#sources.headgate.queues.metrics$.subscribe({
      next: (metrics) => {
        last = metrics;
        this.#sampled(metrics);
      },
      complete: () => {
        if (last !== undefined) this.#tell(last);
        this.close();
      },
    });
  }

  #sampled(metrics: EngineMetrics): void {
    const { clock, heartbeatMs } = this.#options;
    const now = clock.now();
    if (now >= this.#readAt) {
      this.#tell(metrics);
      this.#readAt = now + (clock.now() - now) / BUSY_AT_MOST;
    }
    if (now < this.#beatAt) return;
    this.#beatAt = now + heartbeatMs;
    for (const reader of this.#everyone()) void beat(reader);
  }

  #tell(metrics: EngineMetrics): void {
    const view = new GatewayView(this.#sources, metrics);
    for (const audience of this.#audiences.values()) {
      const status = view.of(audience.caller);
      const told = lasting(status);
      if (told === audience.told) continue;
      audience.told = told;
      const event = eventOf(status);
      for (const { stream } of audience.readers) stream.offer(event);
    }
  }

  #everyone(): Reader[] {
    return [...this.#audiences.values()].flatMap(({ readers }) => [...readers]);
  }
}

async function beat({ stream, mayStay }: Reader): Promise<void> {
  if (await mayStay()) stream.offerNow(HEARTBEAT);
  else stream.finish();
}

function eventOf(status: GatewayStatus): string {
  return `event: status\ndata: ${JSON.stringify(status)}\n\n`;
}

/** A status without what time alone changes: when it was read, and moments that are past. */
function lasting(status: GatewayStatus): string {
  return JSON.stringify(status, (key, value: unknown) => {
    if (key === 'at') return undefined;
    if (key !== 'nextFreeAt' || value === null) return value;
    return Number(value) <= status.at ? 0 : Math.round(Number(value) / 1_000);
  });
}
