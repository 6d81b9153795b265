/** The page of an edge in front of a provider whose server doesn't answer. */
export const EDGE_PAGE = `<!DOCTYPE html>
<html lang="en-US">
<head><title>api.simulated.example | 502: Bad gateway</title></head>
<body>
<h1><span>Bad gateway</span> <span>Error code 502</span></h1>
<p>The web server reported a bad gateway error.</p>
<span>Cloudflare Ray ID: <strong>000simulated000</strong></span>
</body>
</html>
`;

/** Neither JSON nor server-sent events: broken JSON, lines without a field, half a character, a lone carriage return. */
export const GARBAGE =
  'data: {"choices":[{"delta":{"content":"un\n\ndata\n\u0000\u0007\uFFFD}]]\rdata: [object Object]\n\nid\nevent\n: \n\n{"a":}\n\n';

/** Rate-limit headers that mean nothing, in the spelling of either family. */
export const NONSENSE_HEADERS: Readonly<Record<string, string>> = {
  'retry-after': 'soon',
  'retry-after-ms': '-1e999',
  'x-ratelimit-limit-requests': 'NaN',
  'x-ratelimit-remaining-requests': '',
  'x-ratelimit-reset-requests': '-5h0m',
  'x-ratelimit-limit-tokens': '1e400',
  'x-ratelimit-remaining-tokens': '[object Object]',
  'x-ratelimit-reset-tokens': '99999999999999999999s',
  'anthropic-ratelimit-requests-limit': '0x10',
  'anthropic-ratelimit-requests-remaining': '-0',
  'anthropic-ratelimit-requests-reset': 'yesterday',
  'anthropic-ratelimit-input-tokens-limit': 'Infinity',
  'anthropic-ratelimit-input-tokens-remaining': 'null',
  'anthropic-ratelimit-input-tokens-reset': '0000-00-00T99:99:99Z',
};

/** Letters without an end. */
export function longLine(bytes: number): string {
  return 'x'.repeat(bytes);
}

const OPENROUTER_ERROR =
  '"error":{"code":502,"message":"Provider returned error","metadata":{"provider_name":"Simulated","raw":"upstream failed"}}';

/** OpenRouter's error inside a 200. */
export function openRouterBody(): string {
  return `{${OPENROUTER_ERROR},"user_id":"user_simulated"}`;
}

/** OpenRouter's error inside a stream: comments, a chunk with the error and a finish reason of its own, and the usual end. */
export function openRouterEvents(model: string): string {
  const chunk = `"id":"gen-simulated","object":"chat.completion.chunk","created":0,"model":${JSON.stringify(model)},"provider":"Simulated"`;
  const choice = '"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]';
  return `: OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\ndata: {${chunk},${OPENROUTER_ERROR},${choice}}\n\ndata: [DONE]\n\n`;
}
