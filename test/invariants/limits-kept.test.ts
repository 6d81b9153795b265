import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fails, holds } from '../lib/property.ts';
import { withFault } from './faults.ts';
import { breaches } from './provider-oracle.ts';
import { scenarios } from './scenario.ts';
import { live } from './world.ts';

const property = fc.asyncProperty(scenarios(), async (scenario) => {
  const world = await live(scenario);
  expect(breaches(world)).toEqual([]);
});

test('no limit is exceeded in any window of a provider that counts anywhere between the write and the response', async () => {
  await holds(property);
});

test('an engine that stamps at the send is caught', async () => {
  expect(await withFault('stamp-at-send', () => fails(property))).toBe(true);
});
