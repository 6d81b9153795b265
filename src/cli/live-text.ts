import type { Clock, TimerHandle } from '../domain/clock.ts';

/** Where progress is shown: a terminal, or anything that takes lines. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_EVERY_MS = 250;
const LINE_EVERY_MS = 5000;

/**
 * Shows a text that changes: on one line of a terminal, elsewhere as a line every few seconds. Returns how to end it,
 * which shows it once more.
 */
export function showLive(stream: ProgressStream, clock: Clock, textOf: (isTerminal: boolean) => string): () => void {
  const isTerminal = stream.isTTY === true;
  const everyMs = isTerminal ? BAR_EVERY_MS : LINE_EVERY_MS;
  let timer: TimerHandle;
  const show = (): void => {
    const text = textOf(isTerminal);
    stream.write(isTerminal ? `\r${text.slice(0, (stream.columns ?? 80) - 1)}\u001b[K` : `${text}\n`);
  };
  const showLater = (): void => {
    timer = clock.setTimeout(
      () => {
        show();
        showLater();
      },
      everyMs,
      { background: true },
    );
  };
  showLater();
  return () => {
    clock.clearTimeout(timer);
    show();
    if (isTerminal) stream.write('\n');
  };
}
