import type { IncomingHttpHeaders } from 'node:http';
import type { WireFormatName } from '../../domain/wire-format.ts';

/** What tells the faces apart. */
interface Asked {
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Whose protocol a request is in: in its form errors are told. Models are asked for at one path in both. */
export function faceOf({ url = '', headers }: Asked): WireFormatName {
  const isAnthropics = url.startsWith('/v1/messages') || (url.startsWith('/v1/models') && headers['anthropic-version'] !== undefined);
  return isAnthropics ? 'anthropic-messages' : 'openai-chat';
}
