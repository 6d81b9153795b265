import type { JsonObject } from '../../domain/chat.ts';
import { oneLine } from '../../lib/one-line.ts';
import type { ServerSentEvent, WireFormatName } from '../provider.ts';

/** How calls of one wire format are made in another, and their answers given back in the first. */
export interface Translation {
  readonly from: WireFormatName;
  readonly to: WireFormatName;
  /**
   * Throws {@link Untranslatable} for what the other format has no word for.
   * @param wallMs when the call is made, since 1970: for answers that carry a time which the other format has no word for; default 0
   * @param provider the preset's name: some call a field otherwise than the rest; default: one compatible with the other format
   */
  translate(body: JsonObject, wallMs?: number, provider?: string): TranslatedCall;
}

/** One call in the other format. */
export interface TranslatedCall {
  /** What is sent; `model` is put in by whoever sends it. */
  readonly body: JsonObject;
  /** The whole answer in the caller's format. Throws {@link Untranslatable} for one that has no words there, a `ProviderFailure` for one that is none. */
  answer(json: unknown): JsonObject;
  /** Reads one stream of the other format. */
  stream(): StreamTranslator;
}

/** Turns the events of one stream into those of the caller's format, one by one. */
export interface StreamTranslator {
  /** None, one or several; the caller's terminal event comes with the provider's. */
  read(event: ServerSentEvent): readonly ServerSentEvent[];
  /** What the caller's format says of a stream that ends here because of an error; nothing follows. */
  fail(message: string): readonly ServerSentEvent[];
}

/** Something that can't be said faithfully in the other format: better refused than left out silently. */
export class Untranslatable extends Error {
  /** Where it stands in the caller's body, as `messages[0].content`; empty for the answer. */
  readonly path: string;
  /** What the failure is called: where a caller's SDK goes on by itself without what can't be said, its own word for that. */
  readonly code: string;

  constructor(path: string, message: string, code = 'untranslatable') {
    // Callers' own words stand in both: names of fields, types.
    super(oneLine(message));
    this.name = 'Untranslatable';
    this.path = oneLine(path);
    this.code = code;
  }
}
