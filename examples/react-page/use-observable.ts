import { useMemo, useSyncExternalStore } from 'react';
import type { Observable } from 'rxjs';

/** The last value of a stream; `initial` until there is one. Headgate's `status$`, `metrics$` and `queue$` replay theirs at once. */
export function useObservable<T>(stream$: Observable<T>, initial: T): T {
  const store = useMemo(() => {
    let last = initial;
    const subscribe = (changed: () => void) => {
      const subscription = stream$.subscribe((value) => {
        last = value;
        changed();
      });
      return () => subscription.unsubscribe();
    };
    return { subscribe, read: () => last };
  }, [stream$, initial]);
  return useSyncExternalStore(store.subscribe, store.read);
}
