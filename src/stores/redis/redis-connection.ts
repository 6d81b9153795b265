import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { maskUrl } from '../../config/expand/mask-key.ts';
import type { Clock } from '../../domain/clock.ts';
import { InvalidConfiguration, LLMQueueException, textOf } from '../../domain/errors.ts';
import { StoreUnavailable } from '../../domain/store-errors.ts';
import { systemClock } from '../../lib/system-clock.ts';
import { withTimeout } from '../../lib/with-timeout.ts';

export interface RedisOptions {
  /** `redis://[user:password@]host[:port][/database]`, or `rediss://…` for TLS. */
  readonly redisUrl: string;
  /** What its keys begin with. */
  readonly prefix?: string | undefined;
  /** Longest wait for an answer, in milliseconds; a command that waits longer counts as failed. Default 250. */
  readonly commandTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** A script that runs as one step on the server. */
export interface RedisScript {
  readonly lua: string;
  readonly sha: string;
}

/** What a server that is there needs for all of a connection's first exchanges. */
const CONNECT_TIMEOUT_S = 2;
const LONGEST_PAUSE_MS = 1000;

export function redisScript(lua: string): RedisScript {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** One connection to a Redis server; made again by itself where it breaks. Nothing waits for that: commands fail meanwhile. */
export class RedisConnection {
  /** The server as it may be shown. */
  readonly name: string;
  readonly #url: string;
  /** Longest wait for an answer. */
  readonly commandTimeoutMs: number;
  readonly #clock: Clock;
  #redis: Promise<Redis> | undefined;
  /** The first attempt to connect, which commands wait for; later ones are nobody's wait. */
  #begun: Promise<void> | undefined;

  /** Throws `InvalidConfiguration` for a URL that is none of a Redis server. */
  constructor({ redisUrl, commandTimeoutMs = 250, clock = systemClock }: RedisOptions) {
    if (typeof redisUrl !== 'string' || !URL.canParse(redisUrl) || !/^rediss?:$/.test(new URL(redisUrl).protocol)) {
      throw new InvalidConfiguration("'redisUrl' is no URL of a Redis server: expected redis://host:6379 or rediss://….", 'redisUrl');
    }
    if (!(commandTimeoutMs > 0)) {
      throw new InvalidConfiguration(`'commandTimeoutMs' is ${textOf(commandTimeoutMs)}: expected milliseconds > 0.`, 'commandTimeoutMs');
    }
    this.name = maskUrl(redisUrl);
    this.#url = redisUrl;
    this.commandTimeoutMs = commandTimeoutMs;
    this.#clock = clock;
  }

  /** Resolves once the server answers. Rejects with `StoreUnavailable`, or `InvalidConfiguration` where `ioredis` is missing. */
  connect(): Promise<void> {
    const attempt = this.#connect();
    this.#begun ??= attempt.catch(() => {});
    return attempt;
  }

  async #connect(): Promise<void> {
    const redis = await this.#open();
    await this.#telling(() =>
      withTimeout(
        async (signal) => {
          // An error on the way rejects, too.
          if (redis.status !== 'ready') await once(redis, 'ready', { signal });
          await redis.ping();
        },
        CONNECT_TIMEOUT_S,
        this.#clock,
      ),
    );
  }

  /** Runs a script. Rejects with `StoreUnavailable`. */
  async run({ lua, sha }: RedisScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    if (this.#begun === undefined) this.connect().catch(() => {});
    await this.#begun;
    const redis = await this.#open();
    return this.#telling(async () => {
      try {
        return await redis.evalsha(sha, keys.length, ...keys, ...args);
      } catch (error) {
        // A server that was started again has forgotten it; it ran nothing.
        if (!textOf(error).startsWith('NOSCRIPT')) throw error;
        return await redis.eval(lua, keys.length, ...keys, ...args);
      }
    });
  }

  async close(): Promise<void> {
    const redis = this.#redis;
    this.#redis = undefined;
    this.#begun = undefined;
    (await redis?.catch(() => undefined))?.disconnect();
  }

  #open(): Promise<Redis> {
    this.#redis ??= this.#make().catch((error: unknown) => {
      this.#redis = undefined;
      throw error;
    });
    return this.#redis;
  }

  async #make(): Promise<Redis> {
    const { Redis } = await loadRedis();
    const redis = new Redis(this.#url, {
      // A command that waited for a connection would be counted long after its request was decided.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: this.commandTimeoutMs,
      connectTimeout: CONNECT_TIMEOUT_S * 1000,
      socketTimeout: CONNECT_TIMEOUT_S * 1000,
      retryStrategy: (attempt) => Math.min(50 * attempt, LONGEST_PAUSE_MS),
    });
    // Whoever sends a command hears of it; the rest is reconnecting.
    redis.on('error', () => {});
    return redis;
  }

  async #telling<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (LLMQueueException.isInstance(error) && error.code !== 'queue_timeout') throw error;
      const reason = LLMQueueException.isInstance(error) ? `no answer within ${CONNECT_TIMEOUT_S} s` : textOf(error);
      throw new StoreUnavailable(this.name, reason, { cause: error });
    }
  }
}

async function loadRedis(): Promise<Pick<typeof import('ioredis'), 'Redis'>> {
  try {
    return await import('ioredis');
  } catch (cause) {
    const message = "A Redis server needs the package 'ioredis', which is not installed: npm install ioredis";
    throw new InvalidConfiguration(message, 'redisUrl', { cause });
  }
}
