const SHORTEST_SHOWN = 20;

/** A key as it may be shown: enough to tell two apart, `sk-…wxyz`, and nothing at all of a short one. */
export function maskKey(key: string): string {
  return key.length < SHORTEST_SHOWN ? '***' : `${key.slice(0, 3)}…${key.slice(-4)}`;
}

/** A URL without a user's name, a password and what stands in its query. */
export function maskUrl(text: string): string {
  if (!URL.canParse(text)) return '***';
  const url = new URL(text);
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}${url.search === '' ? '' : '?…'}`;
}
