import type { RequestRecord } from './request-record.ts';

/** Acts on a request and on every other that shares its call; those that end meanwhile are left alone. */
export function eachCaller(record: RequestRecord, act: (record: RequestRecord) => void): void {
  if (record.sharedCall === undefined) act(record);
  else for (const sharer of [...record.sharedCall.sharers]) if (sharer === record || !sharer.ending) act(sharer);
}
