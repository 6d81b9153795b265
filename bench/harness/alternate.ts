import { median } from '../report/statistics.ts';

/** One way to make a call. */
export type OneCall = () => Promise<unknown>;

export interface AlternateOptions {
  /** How often each gets its turn. */
  readonly rounds: number;
  /** Calls of one turn. */
  readonly calls: number;
  readonly concurrency: number;
}

/** The medians of one way over its turns. */
export interface CallFigures {
  readonly perSecond: number;
  /** Of the whole process, this way's share of the collector included. */
  readonly cpuMicroseconds: number;
}

/**
 * Gives every way its turn, round after round: A B A B, so that what the machine does meanwhile meets all of them.
 * Before that each has a turn that isn't counted, for the compiler and the connections. No collection is forced in
 * between: it makes V8 forget what it has learned of the code, which no program does to itself.
 */
export async function alternate<Name extends string>(
  ways: Readonly<Record<Name, OneCall>>,
  { rounds, calls, concurrency }: AlternateOptions,
): Promise<Readonly<Record<Name, CallFigures>>> {
  const entries = Object.entries<OneCall>(ways);
  const turns = new Map<string, { readonly perSecond: number; readonly cpuMicroseconds: number }[]>(entries.map(([name]) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, call] of entries) {
      const turn = await oneTurn(call, calls, concurrency);
      if (round > 0) turns.get(name)?.push(turn);
    }
  }
  const figures = [...turns].map(([name, of]) => [
    name,
    { perSecond: median(of.map(({ perSecond }) => perSecond)), cpuMicroseconds: median(of.map(({ cpuMicroseconds }) => cpuMicroseconds)) },
  ]);
  return Object.fromEntries(figures) as Record<Name, CallFigures>; // one entry for each name
}

async function oneTurn(call: OneCall, calls: number, concurrency: number): Promise<CallFigures> {
  let left = calls;
  const loop = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: concurrency }, loop));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { perSecond: calls / seconds, cpuMicroseconds: (user + system) / calls };
}
