/** A gateway in a process of its own: its database is `argv[2]`, its provider at `argv[3]`, which takes `argv[4]` calls at once. Prints its URL. */
import { createGateway } from '../../../src/gateway/create-gateway.ts';

const [, , database = '', provider = '', atOnce = ''] = process.argv;
const deployments = [{ provider: 'openai', baseUrl: `${provider}/v1`, apiKey: 'upstream-key' }];
const rateLimiters = [{ type: 'concurrent' as const, limit: Number(atOnce) }];
const gateway = await createGateway(
  { models: { gpt: { deployments, rateLimiters, learnLimits: false } }, gateway: { database } },
  { env: {} },
);
console.log(await gateway.listen({ port: 0 }));
