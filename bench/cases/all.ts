import { batchCase } from './batch.ts';
import type { BenchCase } from './bench-case.ts';
import { chatsCase } from './chats.ts';
import { deploymentsCase } from './deployments.ts';
import { idleCase, pendingCase, sequenceCase, throughputCase } from './engine.ts';
import { gatewayCase } from './gateway.ts';
import { learnedCase } from './learned.ts';
import { peersCase, shareCase } from './share.ts';
import { streamsCase } from './streams.ts';
import { tenantsCase } from './tenants.ts';

/** Every case, in the order of the table. */
export const allCases: readonly BenchCase[] = [
  throughputCase,
  pendingCase,
  sequenceCase,
  idleCase,
  shareCase,
  peersCase,
  tenantsCase,
  deploymentsCase,
  learnedCase,
  batchCase,
  chatsCase,
  streamsCase,
  gatewayCase,
];
