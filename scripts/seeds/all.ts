import { defectsOfA } from './defects-of-a.ts';
import { pointsAround } from './points-around.ts';
import { pointsOfTheEngine } from './points-engine.ts';
import type { SeedPart } from './seed-row.ts';
import { systemA } from './system-a.ts';
import { systemB } from './system-b.ts';
import { systemC } from './system-c.ts';

export const seedParts: readonly SeedPart[] = [systemA, defectsOfA, systemB, systemC, pointsOfTheEngine, pointsAround];
