import type { ServerSentEvent, StreamPart } from '../provider.ts';

// What every chunk of every stream makes anew. These are classes, since an object literal in code that also runs while many streams
// open comes to be allocated in the old generation, for good: V8 has seen that what it makes survives. Each chunk then lives until the
// next full collection, with all it refers to, and every quick collection copies them all: tens of milliseconds with a thousand streams.

/** Some of a stream, on its way to the reader. */
export class FreshPart implements StreamPart {
  readonly raw: Uint8Array;
  readonly events: readonly ServerSentEvent[];

  constructor(raw: Uint8Array, events: readonly ServerSentEvent[]) {
    this.raw = raw;
    this.events = events;
  }
}

/** What a reader's `next` resolves with. */
export class FreshResult {
  readonly done = false;
  readonly value: StreamPart;

  constructor(value: StreamPart) {
    this.value = value;
  }
}
