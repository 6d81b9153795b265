import type { Figures } from '../harness/measures.ts';
import { instantEngine, MODEL, makeInputs } from './engine-setup.ts';

export interface CancelArgs {
  readonly pending: number;
}

/** Seconds until so many pending requests are cancelled and every caller has its answer. */
export async function measure({ pending }: CancelArgs): Promise<Figures> {
  const manager = instantEngine(() => {
    throw new Error('A request of a paused queue has started.');
  });
  manager.pauseQueue(MODEL);
  const handles = makeInputs(pending).map((input) => manager.submit(input));
  const responses = handles.map((handle) => handle.response);
  globalThis.gc?.();
  const start = performance.now();
  for (const handle of handles) handle.cancel();
  const ended = await Promise.all(responses);
  const seconds = (performance.now() - start) / 1000;
  const wrong = ended.find((response) => response.status !== 'failed' || response.reason !== 'cancelled');
  if (wrong !== undefined) throw new Error(`A cancelled request ended as ${wrong.status}.`);
  return { seconds };
}
