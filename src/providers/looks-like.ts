/** What a body seems to be, and how long it is: for messages, which quote nothing of an answer. */
export function looksLike(text: string): string {
  const start = text.slice(0, 1_000).trimStart();
  if (start === '') return 'it is empty';
  return `it looks like ${kindOf(start)}, ${new TextEncoder().encode(text).length} bytes`;
}

function kindOf(start: string): string {
  if (/^<\?xml/i.test(start)) return 'XML';
  if (start.startsWith('<')) return 'a page of HTML';
  if (/^(?:data|event|id|retry)?:/.test(start)) return 'an event stream';
  if (start.startsWith('{')) return 'JSON that is cut off or broken';
  return /^(?:\[|"|-?\d|true\b|false\b|null\b)/.test(start) ? 'a JSON value of another kind' : 'plain text';
}
