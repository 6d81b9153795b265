import type { WireAnswer } from '../provider.ts';
import type { LazyDeadline } from './lazy-deadline.ts';

/** Reads one answer's body, from its head on. */
export interface BodyReader {
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** The connection broke. */
  onBroken(error: unknown): void;
  /** The deadline passed. */
  onDue(): void;
  /** The caller gave up. */
  onAborted(reason: Error): void;
}

/** What a body reader may do to its call. */
export interface CallHost {
  readonly deadline: LazyDeadline;
  /** Hands the answer out. */
  settle(answer: WireAnswer): void;
  /** Ends the call, which has handed out nothing yet. */
  fail(error: Error): void;
  /** Stops and starts reading from the network. */
  pause(): void;
  resume(): void;
  /** Breaks the connection, if it is there still. */
  hangUp(reason: Error): void;
  /** Nobody needs the call any more: no timer and no listener is left behind. */
  release(): void;
}
