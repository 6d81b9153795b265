import type { Figures } from '../harness/measures.ts';
import { instantEngine, liveBytes, MODEL, makeInputs, turn } from './engine-setup.ts';

export interface HeapPendingArgs {
  readonly pending: number;
  /** What is done with each handle while its request waits. */
  readonly look: 'nothing' | 'response' | 'actor';
}

/** Live bytes per pending request: handle and id included, the caller's own input object not. */
export async function measure({ pending, look }: HeapPendingArgs): Promise<Figures> {
  const manager = instantEngine();
  manager.pauseQueue(MODEL);
  const inputs = makeInputs(pending);
  // Everything that exists once per engine is there before the measurement.
  const first = manager.submit(inputs[0] ?? { modelId: MODEL });
  touch(first);
  // The caller's own list of handles is there before, too.
  const handles = new Array<unknown>(pending).fill(undefined);
  const before = liveBytes();
  for (const [index, input] of inputs.entries()) {
    const handle = manager.submit(input);
    handles[index] = handle;
    if (look === 'actor') handle.actor.getSnapshot();
    else if (look === 'response') void handle.response;
  }
  await turn();
  const bytes = (liveBytes() - before) / pending;
  if (handles.length !== pending || inputs.length !== pending) throw new Error('What was measured is no longer held.');
  return { kilobytes: bytes / 1000 };
}

function touch(handle: { readonly actor: unknown; readonly response: unknown }): unknown {
  return [handle.actor, handle.response];
}
