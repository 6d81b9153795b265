import type { ServerSentEvent } from '../../../../src/providers/provider.ts';
import type { StreamTranslator, Translation } from '../../../../src/providers/translation/translation.ts';

/** When every call is made. */
export const AT = 1_763_769_600_000;

const written = ({ event, data }: ServerSentEvent) => `${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`;

/** A stream's text in the caller's format. */
function translatedText(stream: StreamTranslator, events: readonly ServerSentEvent[]): string {
  return events
    .flatMap((event) => stream.read(event))
    .map(written)
    .join('');
}

/** Answers a call in the other format, made of its body: with JSON, or with the events of a stream. */
export type OtherSide = (body: Readonly<Record<string, unknown>>) => Promise<{ json: unknown } | { events: readonly ServerSentEvent[] }>;

/** A `fetch` for an SDK whose calls go through a translation. */
export function translatedFetch(translation: Translation, answer: OtherSide): typeof fetch {
  return async (input, init) => {
    const body = await new Request(input, init).json();
    const call = translation.translate(body, AT);
    const answered = await answer({ model: body.model, ...call.body });
    if ('json' in answered) return Response.json(call.answer(answered.json));
    return new Response(translatedText(call.stream(), answered.events), { headers: { 'content-type': 'text/event-stream' } });
  };
}
