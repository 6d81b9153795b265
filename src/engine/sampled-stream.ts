import { Observable, ReplaySubject, share } from 'rxjs';
import type { Clock, TimerHandle } from '../domain/clock.ts';

/** How often the engine's streams and its inspector see samples. */
export const SAMPLE_EVERY_MS = 250;

/**
 * A stream of samples, shared by all subscribers: one now and one every `everyMs`; the last is replayed to whoever
 * comes later. While nobody is subscribed nothing is read and no timer is set. A last sample, then completion, when
 * `stopped$` emits; never errors.
 */
export function sampledStream<T>(clock: Clock, everyMs: number, read: () => T, stopped$: Observable<unknown>): Observable<T> {
  return new Observable<T>((subscriber) => {
    let timer: TimerHandle;
    const sample = (): void => {
      subscriber.next(read());
      timer = clock.setTimeout(sample, everyMs, { background: true });
    };
    sample();
    subscriber.add(
      stopped$.subscribe(() => {
        subscriber.next(read());
        subscriber.complete();
      }),
    );
    return () => clock.clearTimeout(timer);
  }).pipe(share({ connector: () => new ReplaySubject<T>(1), resetOnRefCountZero: true, resetOnComplete: false }));
}
