/** A key as it is kept: all but the key. Moments are epoch milliseconds. */
export interface ApiKeyRecord {
  /** Public: names the key in lists and logs. */
  readonly keyId: string;
  /** SHA-256 of the whole key, in hexadecimal. */
  readonly hash: string;
  readonly tenant: string;
  readonly isAdmin: boolean;
  readonly createdAt: number;
  readonly revokedAt: number | undefined;
}

/** Keeps the gateway's API keys. Its methods reject where it is down. */
export interface KeyStore {
  add(record: ApiKeyRecord): Promise<void>;
  /** All of them, revoked ones too, in the order in which they were made. */
  list(): Promise<readonly ApiKeyRecord[]>;
  /** @returns whether there is such a key; one that was revoked before stays as it is */
  revoke(keyId: string, at: number): Promise<boolean>;
}
