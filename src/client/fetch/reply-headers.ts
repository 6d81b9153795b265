import type { ReplyHeaders } from '../../providers/provider.ts';

/** A connection's own; and length and encoding of a body that is handed on decoded. */
const NOT_HANDED_ON = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'content-encoding',
]);

/** Whether an upstream's header of this name goes on to whoever asked. */
export function handsOn(name: string): boolean {
  return !NOT_HANDED_ON.has(name);
}

/** An upstream answer's headers as a fetch answer has them, with Headgate's own. */
export function replyHeaders(upstream: ReplyHeaders, own: Readonly<Record<string, string>>): [string, string][] {
  const pairs: [string, string][] = [];
  for (const name in upstream) {
    const value = upstream[name];
    if (value === undefined || !handsOn(name) || name in own) continue;
    if (typeof value === 'string') pairs.push([name, value]);
    else for (const each of value) pairs.push([name, each]);
  }
  for (const name in own) pairs.push([name, headerSafe(own[name] ?? '')]);
  return pairs;
}

/** A value as it may stand in a header: an id may be in any script, or from a caller. */
export function headerSafe(value: string): string {
  return value.replace(/[^\x20-\x7e]+/g, (part) => Buffer.from(part).toString('hex').toUpperCase().replace(/../g, '%$&'));
}
