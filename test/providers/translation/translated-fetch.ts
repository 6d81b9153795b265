import type { StreamPart } from '../../../src/providers/provider.ts';
import { TranslatedParts } from '../../../src/providers/translation/translated-parts.ts';
import type { Translation } from '../../../src/providers/translation/translation.ts';
import { type SimulatedProvider, simulateHttp } from '../../../src/simulator/index.ts';
import { eventsOf, textOf } from '../../simulator/in-process.ts';

/** A simulated provider behind a translation. */
export function translatedFetch(provider: SimulatedProvider, translation: Translation, path: string): typeof fetch {
  return async (input, init) => {
    const asked = await new Request(input, init).json();
    const call = translation.translate(asked);
    const answer = await simulateHttp(provider, { path, headers: { authorization: 'Bearer k' }, body: JSON.stringify(call.body) });
    if (answer.status !== 200) return new Response(await textOf(answer), { status: answer.status });
    if (asked.stream !== true) return Response.json(call.answer(JSON.parse(await textOf(answer))));
    const raw: Uint8Array[] = [];
    for await (const part of new TranslatedParts(partsOf(answer.body), call.stream(), asError)) raw.push(part.raw);
    return new Response(Buffer.concat(raw), { headers: { 'content-type': 'text/event-stream' } });
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** The simulator sends whole events. */
async function* partsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamPart> {
  for await (const raw of body) {
    const events = eventsOf(Buffer.from(raw).toString());
    yield { raw, events: events.map(({ name, data }) => (name === '' ? { data } : { event: name, data })) };
  }
}
