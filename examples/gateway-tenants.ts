/** Tenants of a gateway: each has a key, the models and requests that it may ask for, and its share. Who sends much waits for itself. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGateway } from 'headgate/gateway';
import { startSimulator } from 'headgate/simulator';
import OpenAI from 'openai';

const folder = mkdtempSync(join(tmpdir(), 'headgate-tenants-'));
const database = join(folder, 'headgate.db');
const headgate = fileURLToPath(new URL('./dist/src/cli/main.js', import.meta.resolve('headgate/package.json')));
/** In a shell: `npx headgate keys create --tenant crawler`. */
function keyOf(tenant: string): string {
  const args = [headgate, 'keys', 'create', '--tenant', tenant, '--database', database];
  return execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' }).trim();
}
const keys = { crawler: keyOf('crawler'), support: keyOf('support') };

const provider = await startSimulator({ limits: [] });
const deployments = [
  { provider: 'openai', baseUrl: provider.url, apiKey: 'any', rateLimiters: [{ type: 'rpm' as const, limit: 20, timePeriod: 1 }] },
];
const gateway = await createGateway({
  models: { small: { deployments }, large: { deployments } },
  tenants: { crawler: { models: ['small'] }, support: { userLimits: { maxNumRequestsInTimeWindow: 4, timeWindowInSeconds: 60 } } },
  gateway: { database },
  telemetry: { sink: 'none' },
});
const baseURL = `${await gateway.listen({ port: 0 })}/v1`;
const sdk = (apiKey: string) => new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const [crawler, support] = [sdk(keys.crawler), sdk(keys.support)];
const messages = [{ role: 'user' as const, content: 'Hello' }];

/** How long a call took. */
async function timed(client: OpenAI): Promise<number> {
  const before = performance.now();
  await client.chat.completions.create({ model: 'small', max_tokens: 8, messages });
  return performance.now() - before;
}
const many = Array.from({ length: 100 }, () => timed(crawler));
const few = await Promise.all(Array.from({ length: 3 }, () => timed(support)));
const slowest = Math.max(...(await Promise.all(many)));
console.log(`support, who came after crawler's 100, waited less than half as long: ${Math.max(...few) < slowest / 2}`);

/** What became of a call. */
async function ask(client: OpenAI, model: string): Promise<string> {
  const call = client.chat.completions.create({ model, max_tokens: 8, messages });
  return call.then(() => 'answered').catch(({ status, code }: { status?: number; code?: string }) => `${status} ${code}`);
}
console.log(`crawler asks for large: ${await ask(crawler, 'large')}`);
console.log(`support's fourth: ${await ask(support, 'large')}`);
console.log(`support's fifth: ${await ask(support, 'large')}`);
console.log(`somebody: ${await ask(sdk('hg_made_up'), 'small')}`);

await gateway.close();
await provider.close();
rmSync(folder, { recursive: true });
