import { InvalidRequest, textOf } from '../../domain/errors.ts';
import type { WireCall } from '../provider.ts';

/** A call's body, ready to be sent. */
export interface UpstreamBody {
  readonly text: string;
  readonly isStream: boolean;
  /** We asked for a chunk with the usage, the caller didn't. */
  readonly hasAskedForUsage: boolean;
}

/**
 * The body under the provider's own name of the model. A chat completion's stream reports its usage only where it is
 * asked to; limits need it, so it is asked for where the caller doesn't. Throws `InvalidRequest` for what has no JSON.
 */
export function upstreamBody({ format, body }: WireCall, model: string, mayAskForUsage: boolean): UpstreamBody {
  const isStream = body['stream'] === true && format !== 'openai-embeddings';
  const options = body['stream_options'];
  const given = typeof options === 'object' && options !== null ? options : {};
  const wantsUsage = 'include_usage' in given && given.include_usage === true;
  const hasAskedForUsage = isStream && format === 'openai-chat' && mayAskForUsage && !wantsUsage;
  const sent = hasAskedForUsage ? { ...body, model, stream_options: { ...given, include_usage: true } } : { ...body, model };
  return { text: written(sent), isStream, hasAskedForUsage };
}

function written(body: object): string {
  try {
    return JSON.stringify(body);
  } catch (cause) {
    const why = cause instanceof RangeError ? 'it is nested too deep' : textOf(cause).split('\n', 1)[0];
    throw new InvalidRequest(`The body can't be written as JSON: ${why}.`, 'body', { cause });
  }
}
