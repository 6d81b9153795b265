/** A process of its own with persisted work in the database `argv[2]` and its provider at `argv[3]`; prints its URL. */
import { createHeadgate } from '../../../src/client/index.ts';
import { systemClock } from '../../../src/lib/system-clock.ts';
import { workApp } from './work-app.ts';

const [, , database = '', provider = ''] = process.argv;
const deployments = [{ provider: 'openai', baseUrl: `${provider}/v1`, apiKey: 'upstream-key' }];
const headgate = await createHeadgate({ models: { gpt: { deployments, learnLimits: false } } }, { env: {} });
const { app } = await workApp({ headgate, clock: systemClock, database });
console.log(await app.listen({ port: 0 }));
