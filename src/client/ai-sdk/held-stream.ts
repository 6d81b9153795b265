import type { SdkStreamPart, SdkUsage } from './sdk-types.ts';

/** Parts that say nothing yet: a stream that breaks here can still be asked for again. */
const NOTHING_SAID = new Set(['stream-start', 'response-metadata', 'text-start', 'reasoning-start', 'raw', 'ping']);

export interface HeldStreamEnding {
  /** From the finish part; undefined where the stream had none. */
  readonly usage: SdkUsage | undefined;
  /** Why it broke, where it did. */
  readonly error?: unknown;
}

/** A stream from its first content on. */
export interface HeldStream<Part> {
  readonly stream: ReadableStream<Part>;
  /** Never rejects. */
  readonly ended: Promise<HeldStreamEnding>;
}

/**
 * Reads a stream up to its first content and gives it back whole, read on only as its reader asks. Rejects with what
 * breaks before.
 */
export async function holdUntilContent<Part extends SdkStreamPart>(source: ReadableStream<Part>): Promise<HeldStream<Part>> {
  const reader = source.getReader();
  const held: Part[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (value.type === 'error') {
      void reader.cancel().catch(() => {});
      throw errorOf(value);
    }
    held.push(value);
    if (!NOTHING_SAID.has(value.type)) break;
  }
  return handedOn(held, reader);
}

function handedOn<Part extends SdkStreamPart>(held: Part[], reader: ReadableStreamDefaultReader<Part>): HeldStream<Part> {
  let usage: SdkUsage | undefined;
  let error: unknown;
  let end: () => void = () => {};
  const ended = new Promise<HeldStreamEnding>((resolve) => {
    end = () => resolve({ usage, ...(error !== undefined && { error }) });
  });
  const passing = (part: Part): Part => {
    if (part.type === 'finish') usage = usageOf(part);
    if (part.type === 'error') error = errorOf(part);
    return part;
  };
  const stream = new ReadableStream<Part>(
    {
      async pull(controller) {
        const next = held.shift();
        if (next !== undefined) {
          controller.enqueue(passing(next));
          return;
        }
        try {
          const { done, value } = await reader.read();
          if (!done) {
            controller.enqueue(passing(value));
            return;
          }
          controller.close();
        } catch (broken) {
          error = broken;
          controller.error(broken);
        }
        end();
      },
      async cancel(reason) {
        end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, ended };
}

function usageOf(part: SdkStreamPart): SdkUsage | undefined {
  // The specification's finish part has it.
  return (part as { readonly usage?: SdkUsage }).usage;
}

function errorOf(part: SdkStreamPart): unknown {
  return (part as { readonly error?: unknown }).error ?? new Error('The stream reported an error without saying which.');
}
