import type { CallMoments, Endpoint, WireAnswer, WireCall } from '../provider.ts';
import { ProviderFailure } from '../provider-failure.ts';
import { TranslatedParts } from './translated-parts.ts';
import { type Translation, Untranslatable } from './translation.ts';

/** Where a translated call goes. */
export interface TranslatedTo {
  readonly endpoint: Endpoint;
  readonly deploymentId: string;
  readonly translation: Translation;
  /** Since 1970. */
  readonly wallMs: number;
}

/**
 * Sends a call in the format that its endpoint speaks, and gives the answer back in the caller's. What can't be said
 * faithfully is a `ProviderFailure` with code `untranslatable`: another deployment may speak the caller's format.
 */
export async function sendTranslated(place: TranslatedTo, call: WireCall, moments: CallMoments): Promise<WireAnswer> {
  const { endpoint, translation, wallMs } = place;
  const translated = faithfully(place, () => translation.translate(call.body, wallMs, endpoint.preset.name));
  // The caller's protocol headers (`anthropic-beta`, …) mean nothing over there.
  const sending = endpoint.send({ format: translation.to, body: translated.body, signal: call.signal }, moments);
  const answer = await sending.catch(throwWithoutForeignBody);
  if (answer.kind === 'stream') return { ...answer, parts: new TranslatedParts(answer.parts, translated.stream()) };
  const json = faithfully(place, () => translated.answer(answer.json));
  return { ...answer, json, text: JSON.stringify(json) };
}

function faithfully<A>({ deploymentId, translation: { from, to } }: TranslatedTo, act: () => A): A {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    const place = error.path === '' ? 'the answer' : `'${error.path}'`;
    throw new ProviderFailure({
      message: `Deployment '${deploymentId}' speaks ${to} and the call is ${from}: ${place}: ${error.message}`,
      code: 'untranslatable',
      retryable: false,
      failOver: true,
      deploymentId,
      cause: error,
    });
  }
}

/** An error's body is in the provider's format: whoever answers the caller says the same in the caller's. */
function throwWithoutForeignBody(error: unknown): never {
  throw error instanceof ProviderFailure && error.reply !== undefined ? error.with({ reply: { ...error.reply, json: undefined } }) : error;
}
