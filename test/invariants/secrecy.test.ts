import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QueueManager } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { holds } from '../lib/property.ts';
import { scenarios } from './scenario.ts';
import { World } from './world.ts';

const SECRET = 'sk-very-secret-prompt';

function write(value: unknown): string {
  const seen = new WeakSet<object>();
  return (
    JSON.stringify(value, (_key, part: unknown) => {
      if (typeof part !== 'object' || part === null) return part;
      if (seen.has(part)) return undefined;
      seen.add(part);
      if (part instanceof Error) return { ...part, name: part.name, message: part.message, cause: part.cause };
      return part;
    }) ?? ''
  );
}

test('no prompt, completion or key is in logs, events, samples, snapshots or the inspection stream', async () => {
  await holds(
    fc.asyncProperty(scenarios({ dedupe: true, maxRequests: 5, maxModels: 2 }), async (scenario) => {
      const said: string[] = [];
      const world = new World(
        scenario,
        {
          inspectRequestsPerSecond: 1_000,
          inspect: (event) =>
            said.push(write('event' in event ? event.event : undefined), write('snapshot' in event ? event.snapshot : undefined)),
        },
        new VirtualClock(),
        SECRET,
      );
      world.manager.metrics$.subscribe((sample) => said.push(write(sample))).add(() => {});
      let looks = 0;
      world.onQuiet = () => {
        if (looks++ > 4) return;
        for (const [id, handle] of world.handles) {
          said.push(write(handle.actor.getSnapshot()), write(handle.actor.getPersistedSnapshot()), write(world.manager.explain(id)));
        }
        said.push(write(world.manager.getAllQueuesInfo()));
      };
      expect(await world.run()).toBe(true);
      said.push(write(world.events), write(world.logs));
      for (const text of said) expect(text).not.toContain(SECRET);
      // The secret did travel: whoever asked has it.
      const answers = inspect([...world.settled.values()], { depth: 9 });
      const told = [...world.settled.values()].some(([response]) => response?.status === 'completed' || response?.reason === 'error');
      expect(answers.includes(SECRET)).toBe(told);
      await world.manager.shutdownAll();
    }),
  );
});

test('what an estimator or a schema quotes of a prompt stays with the caller', () => {
  const logs: unknown[] = [];
  const log = (...said: unknown[]): void => void logs.push(said);
  const manager = new QueueManager({
    clock: new VirtualClock(),
    logger: { debug: log, info: log, warn: log, error: log },
    estimator: () => {
      throw new Error(SECRET);
    },
  });
  manager.registerQueue({ modelId: 'm', rateLimit: 5 }, () => SECRET);
  expect(() => manager.submit({ modelId: 'm', params: SECRET })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(SECRET) }),
  );
  expect(write(logs)).not.toContain(SECRET);
});
