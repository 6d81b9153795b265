import type { WireFormatName } from '../../domain/wire-format.ts';

/** Whose protocol a path belongs to: in its form errors are told there. */
export function faceOf(path: string): WireFormatName {
  return path.startsWith('/v1/messages') ? 'anthropic-messages' : 'openai-chat';
}
