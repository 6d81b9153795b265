import type { Clock } from '../../domain/clock.ts';
import { textOf } from '../../domain/errors.ts';
import type { ApiKeyRecord, KeyStore } from '../../domain/key-store.ts';
import { type EasyLogger, harmless, type Logger } from '../../domain/logger.ts';
import { TenantRefused } from '../calls/tenant-refused.ts';
import { isKeyOf, keyIdOf } from './api-key.ts';

interface KeyRingParts {
  readonly store: KeyStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How old what is known of the keys may be. */
const OLDEST_MS = 2000;
/** For a key that is not known, which may have been made just now; whoever guesses keys makes us ask no oftener. */
const OLDEST_FOR_UNKNOWN_MS = 250;
/** How long a call waits for a database that may be down, where keys are known. */
const PATIENCE_MS = 250;

/**
 * The gateway's API keys, as its database has them. They are read at once, and again when a call comes and they are two seconds old:
 * so soon a key that was made or revoked elsewhere counts. While the database is down those hold that are known.
 */
export class KeyRing {
  readonly #store: KeyStore;
  readonly #clock: Clock;
  readonly #logger: EasyLogger;
  #keys: ReadonlyMap<string, ApiKeyRecord> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  /** Resolves with the reading, or once it takes too long. */
  #patience: Promise<void> = Promise.resolve();
  #isDown = false;

  constructor({ store, clock, logger }: KeyRingParts) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = harmless(logger);
  }

  /**
   * Whether anybody ever made a key; from then on every caller needs one, also when all were revoked. Rejects with `TenantRefused`
   * (503) where the database has never answered.
   */
  async hasKeys(): Promise<boolean> {
    return (await this.#known(OLDEST_MS)).size > 0;
  }

  /** Whose key this is; undefined: nobody's, not any more, or no key at all. Rejects as {@link hasKeys} does. */
  async find(key: string): Promise<ApiKeyRecord | undefined> {
    const keyId = keyIdOf(key);
    let keys = await this.#known(OLDEST_MS);
    if (keyId === undefined) return undefined;
    if (!keys.has(keyId)) keys = await this.#known(OLDEST_FOR_UNKNOWN_MS);
    const record = keys.get(keyId);
    return isKeyOf(key, record) && record?.revokedAt === undefined ? record : undefined;
  }

  async #known(oldestMs: number): Promise<ReadonlyMap<string, ApiKeyRecord>> {
    if (this.#clock.now() - this.#readAt >= oldestMs) await this.#read();
    if (this.#keys !== undefined) return this.#keys;
    const message = 'The keys can not be read now. Try again.';
    throw new TenantRefused({ status: 503, code: 'store_unavailable', message, retryAfterSeconds: 1 });
  }

  /** Reads all keys, once for all who ask meanwhile. Where keys are known nobody waits for a database that is down or slow. */
  async #read(): Promise<void> {
    this.#reading ??= this.#begin();
    if (this.#keys === undefined) await this.#reading;
    else if (!this.#isDown) await this.#patience;
  }

  #begin(): Promise<void> {
    const reading = this.#tryToRead();
    this.#patience = new Promise((resolve) => {
      const timer = this.#clock.setTimeout(resolve, PATIENCE_MS, { background: true });
      void reading.then(() => {
        this.#reading = undefined;
        this.#clock.clearTimeout(timer);
        resolve();
      });
    });
    return reading;
  }

  async #tryToRead(): Promise<void> {
    try {
      this.#keys = new Map((await this.#store.list()).map((record) => [record.keyId, record]));
      if (this.#isDown) this.#logger.info({}, 'the database of keys is back');
      this.#isDown = false;
    } catch (error) {
      if (!this.#isDown) this.#logger.warn({ reason: textOf(error) }, 'the database of keys is down: those that are known hold');
      this.#isDown = true;
    }
    this.#readAt = this.#clock.now();
  }
}
