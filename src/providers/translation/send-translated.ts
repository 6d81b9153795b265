import type { JsonObject } from '../../domain/chat.ts';
import { textOf } from '../../domain/errors.ts';
import type { CallMoments, Endpoint, ReplyHeaders, StreamEnding, WireAnswer, WireCall, WireStream } from '../provider.ts';
import { ProviderFailure } from '../provider-failure.ts';
import { TranslatedParts } from './translated-parts.ts';
import { type StreamTranslator, type TranslatedCall, type Translation, Untranslatable } from './translation.ts';

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
 * faithfully is a `ProviderFailure`: `untranslatable` for the call, `untranslatable_answer` for what came back. Another
 * deployment may speak the caller's format.
 */
export async function sendTranslated(place: TranslatedTo, call: WireCall, moments: CallMoments): Promise<WireAnswer> {
  const { endpoint, translation, wallMs } = place;
  const translated = attempt(place, 'call', () => translation.translate(call.body, wallMs, endpoint.preset.name));
  // The caller's protocol headers (`anthropic-beta`, …) mean nothing over there.
  const sending = endpoint.send({ ...asked(translated, translation), signal: call.signal }, moments);
  const answer = await sending.catch(throwWithoutForeignBody);
  const headers = namedAlike(answer.headers);
  if (answer.kind === 'whole') {
    const [json, text] = attempt(place, 'answer', () => withText(translated.answer(answer.json)));
    return { ...answer, headers, json, text };
  }
  return translatedStream(place, { ...answer, headers }, translated.stream());
}

/** Made out here: a function that lasts as long as the stream would keep the prompt if it were made where the call is known. */
async function translatedStream(place: TranslatedTo, answer: WireStream, translator: StreamTranslator): Promise<WireStream> {
  const parts = new TranslatedParts(answer.parts, translator, (error, isMidStream) => {
    const failure = failureOf(place, 'answer', error);
    return isMidStream ? brokenOff(place, failure) : failure;
  });
  await parts.begin();
  const ended = answer.ended.then(
    (ending): StreamEnding => (parts.failure ? { ...ending, complete: false, error: parts.failure } : ending),
  );
  return { ...answer, parts, ended };
}

/** Usage is asked for by whoever sends the call, which knows what its server takes; the chunk with it is what later events are made of. */
function asked({ body }: TranslatedCall, { to }: Translation): Pick<WireCall, 'format' | 'body' | 'keepsUsage'> {
  const { stream_options: _, ...others } = body;
  return { format: to, body: others, keepsUsage: true };
}

/** OpenAI's SDKs read the id of a request from one header, Anthropic's from the other. */
function namedAlike(headers: ReplyHeaders): ReplyHeaders {
  const id = headers['x-request-id'] ?? headers['request-id'];
  return id === undefined ? headers : { ...headers, 'x-request-id': id, 'request-id': id };
}

function withText(json: JsonObject): [json: JsonObject, text: string] {
  return [json, JSON.stringify(json)];
}

function attempt<A>(place: TranslatedTo, what: 'call' | 'answer', act: () => A): A {
  try {
    return act();
  } catch (error) {
    // What can't be walked through can't be written as JSON either.
    throw failureOf(place, what, error instanceof RangeError ? new Untranslatable('body', 'It is nested too deep.') : error);
  }
}

function failureOf({ deploymentId, translation: { from, to } }: TranslatedTo, what: 'call' | 'answer', error: unknown): Error {
  if (error instanceof ProviderFailure) return error.with({ deploymentId, message: `Deployment '${deploymentId}': ${error.message}` });
  if (!(error instanceof Untranslatable)) return error instanceof Error ? error : new Error(String(error));
  const { path, message, code } = error;
  const isAnswer = what === 'answer';
  return new ProviderFailure({
    message: `Deployment '${deploymentId}' speaks ${to} and the call is ${from}: ${isAnswer ? 'the answer' : `'${path}'`}: ${message}`,
    code: isAnswer ? 'untranslatable_answer' : code,
    retryable: false,
    failOver: true,
    deploymentId,
    cause: error,
  });
}

/** As with an error of the provider's own, the stream has said so before this is thrown. */
function brokenOff({ deploymentId }: TranslatedTo, cause: Error): ProviderFailure {
  const scope = cause instanceof ProviderFailure ? cause.scope : 'request';
  return new ProviderFailure({
    message: textOf(cause),
    code: 'stream_error',
    retryable: false,
    failOver: false,
    scope,
    deploymentId,
    cause,
  });
}

/** An error's body is in the provider's format: whoever answers the caller says the same in the caller's. */
function throwWithoutForeignBody(error: unknown): never {
  throw error instanceof ProviderFailure && error.reply !== undefined ? error.with({ reply: { ...error.reply, json: undefined } }) : error;
}
