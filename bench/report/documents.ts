/** A table between two comments of a document, which keep their place while what lies between is replaced. */
export function replaceBetweenMarkers(document: string, name: string, content: string): string {
  const { start, end } = markers(document, name);
  return `${document.slice(0, start)}\n${content}\n${document.slice(end)}`;
}

/** What stands between the two comments now. */
export function betweenMarkers(document: string, name: string): string {
  const { start, end } = markers(document, name);
  return document.slice(start, end).trim();
}

export function hasMarkers(document: string, name: string): boolean {
  return document.includes(opening(name)) && document.includes(closing(name));
}

function opening(name: string): string {
  return `<!-- ${name}:start -->`;
}

function closing(name: string): string {
  return `<!-- ${name}:end -->`;
}

function markers(document: string, name: string): { start: number; end: number } {
  const start = document.indexOf(opening(name));
  const end = document.indexOf(closing(name));
  if (start < 0 || end < start) throw new Error(`The document has no ${opening(name)} … ${closing(name)} to write between.`);
  return { start: start + opening(name).length, end };
}
