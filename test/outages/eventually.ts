import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again until the answer is as wanted. A question that fails is one that wasn't answered. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isWanted: (answer: T) => boolean,
  { everyMs = 50, withinMs = 60_000 } = {},
): Promise<T> {
  const began = performance.now();
  for (let last: unknown; ; await sleep(everyMs)) {
    try {
      const answer = await ask();
      if (isWanted(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() - began > withinMs) throw new Error(`Not so within ${withinMs / 1000} s; last: ${describe(last)}`);
  }
}

function describe(answer: unknown): string {
  return answer instanceof Error ? answer.message : (JSON.stringify(answer) ?? 'nothing').slice(0, 500);
}
