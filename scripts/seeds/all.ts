import { defectsOfA } from './defects-of-a.ts';
import { defectsOfB } from './defects-of-b.ts';
import { defectsOfC } from './defects-of-c.ts';
import { defectsOfD } from './defects-of-d.ts';
import { pointsAround } from './points-around.ts';
import { pointsOfClients } from './points-clients.ts';
import { pointsOfDeployments } from './points-deployments.ts';
import { pointsOfTheEngine } from './points-engine.ts';
import type { SeedPart } from './seed-row.ts';
import { managerOfA } from './system-a-manager.ts';
import { requestsOfA } from './system-a-requests.ts';
import { systemB } from './system-b.ts';
import { systemC } from './system-c.ts';

export const seedParts: readonly SeedPart[] = [
  managerOfA,
  requestsOfA,
  defectsOfA,
  systemB,
  defectsOfB,
  systemC,
  defectsOfC,
  defectsOfD,
  pointsOfTheEngine,
  pointsOfDeployments,
  pointsOfClients,
  pointsAround,
];
