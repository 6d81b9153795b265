import type { Dialect } from './simulator-options.ts';

/** The headers that name a request, as each dialect spells them. */
export function requestIdHeaders(dialect: Dialect, id: string): Record<string, string> {
  if (dialect === 'anthropic') return { 'request-id': id };
  return dialect === 'azure' ? { 'x-request-id': id, 'apim-request-id': id } : { 'x-request-id': id };
}
