import type { JsonObject } from '../../domain/chat.ts';
import type { Caller } from './caller.ts';
import type { CallKind } from './finished-call.ts';

/** What a call asks for, before anything is done about it. */
export interface AskedCall {
  /** As in the `FinishedCall` that tells of its end, by which what was set aside for it is given back. */
  readonly requestId: string;
  readonly caller: Caller;
  readonly kind: CallKind;
  readonly model: string;
  readonly body: JsonObject;
  /** What the caller asks for; undefined: nothing. */
  readonly priority: number | undefined;
}

/** What a tenant has left of a limit of its own; the answer's rate-limit headers are made of it. */
export interface TenantLimitView {
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until all of it is there again. */
  readonly resetSeconds: number;
}

/** A call that may stand in line. */
export interface Admission {
  /** The priority it gets: what it asked for, as far as its tenant may. */
  readonly priority: number | undefined;
  readonly requests?: TenantLimitView | undefined;
  readonly tokens?: TenantLimitView | undefined;
}

/**
 * Decides whether a tenant may have a call queued: its models, its request limit, its budget. Counting is part of the
 * decision. Rejects with a `TenantRefused` (`calls/tenant-refused.ts`).
 */
export interface CallGate {
  admit(call: AskedCall): Admission | Promise<Admission>;
  /** Whether a caller's tenant may have this model at all. */
  mayUse(caller: Caller, modelId: string): boolean;
}

/** Lets everybody do everything, as where no tenants are configured. */
export const OPEN_GATE: CallGate = { admit: ({ priority }) => ({ priority }), mayUse: () => true };
