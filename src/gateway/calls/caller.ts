/** Who a request comes from, as far as its key says. */
export interface Caller {
  /** The key's public id; undefined where the gateway asks for none. */
  readonly keyId: string | undefined;
  /** Who the request is for; empty: nobody in particular. */
  readonly tenant: string;
  /** May act for every tenant, see every request and the whole status. */
  readonly isAdmin: boolean;
}

/** Whoever calls a gateway that asks for no key: this machine's own user. */
export const LOCAL_CALLER: Caller = { keyId: undefined, tenant: '', isAdmin: true };
