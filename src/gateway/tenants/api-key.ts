import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ApiKeyRecord } from '../../domain/key-store.ts';

const ID_BYTES = 6;
const SECRET_BYTES = 32;
const FORM = /^hg_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;
const NO_HASH = Buffer.alloc(32);

export interface NewApiKey {
  /** The key itself; it is kept nowhere. */
  readonly key: string;
  readonly record: ApiKeyRecord;
}

/** Makes a key: `hg_<its public id>_<256 random bits>`. */
export function newApiKey(owner: { readonly tenant: string; readonly isAdmin: boolean }, createdAt: number): NewApiKey {
  const keyId = randomBytes(ID_BYTES).toString('hex');
  const key = `hg_${keyId}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { key, record: { keyId, hash: hashOf(key).toString('hex'), ...owner, createdAt, revokedAt: undefined } };
}

/** The public id in what may be a key; undefined: it is none. */
export function keyIdOf(text: string): string | undefined {
  return FORM.exec(text)?.[1];
}

/** Whether this is the key of a record; takes as long for a wrong one, and for none. */
export function isKeyOf(key: string, record: ApiKeyRecord | undefined): boolean {
  const isEqual = timingSafeEqual(hashOf(key), record === undefined ? NO_HASH : Buffer.from(record.hash, 'hex'));
  return isEqual && record !== undefined;
}

/** One round of SHA-256: a slow hash protects what can be guessed, and nobody guesses 256 random bits. */
function hashOf(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
