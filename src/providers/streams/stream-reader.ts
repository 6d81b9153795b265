import type { ServerSentEvent } from '../provider.ts';
import type { ReportedUsage } from '../wire-usage.ts';

/** What an event of a stream is to us. */
export type EventKind =
  /** Neither content nor end, as a ping, the role alone, or an event that we don't know. */
  | 'silent'
  /** Something that the model said. */
  | 'content'
  /** The stream's proper end. */
  | 'terminal'
  /** A chunk with the usage and nothing else. */
  | 'usage'
  /** The provider reports that it failed. */
  | 'error'
  /** No event of this format, whatever its version. */
  | 'garbage';

/** Reads one stream of a wire format, event by event. */
export interface StreamReader {
  /**
   * Once there was content, only events that may end the stream or report usage or an error are parsed.
   * @param isFirst nothing but silent events came before
   */
  read(event: ServerSentEvent, isFirst: boolean): EventKind;
  /** What was reported so far; undefined where nothing was. */
  readonly usage: ReportedUsage | undefined;
  /** Characters that the model has produced so far. */
  readonly characters: number;
}
