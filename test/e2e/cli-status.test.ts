import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { headgate, simulator, temporaryFolder } from './cli-harness.ts';

const KEY = 'sk-key-of-the-status-test-1234';

function configuration(url: string): string {
  const path = join(temporaryFolder(), 'c.yaml');
  const limits = 'rate_limiters: [{type: rpm, limit: 60}, {type: tpm, limit: 200000}]';
  writeFileSync(
    path,
    `models:
  m:
    deployments:
      - {provider: openai, base_url: "${url}/v1", api_key: ${KEY}, ${limits}}
      - {provider: openai, base_url: "${url}/v1", api_key: sk-quite-another-key-0000}
      - {provider: vllm, base_url: "http://127.0.0.1:1"}
  claude: {deployments: [{provider: anthropic, base_url: "${url}", api_key: ${KEY}}]}
`,
  );
  return path;
}

describe('headgate status', () => {
  it('puts what each provider says beside the configuration, flags what differs, and goes on where one fails', async () => {
    const { url } = await simulator('--rpm', '60', '--tpm', '100000', '--api-key', KEY);
    const path = configuration(url);
    const { code, stdout } = await headgate(['status', '-c', path, '--probe']);
    expect(code).toBe(1);
    expect(stdout).toContain(`Configuration: ${path}\n\nopenai-1 · openai · ${url}/v1 · m · sk-…1234 · answered in `);
    expect(stdout).toMatch(
      /\n {2}rpm +60 +60 +59 +1\.0 s\n {2}tpm +200,000 +100,000 +[\d,]+ +\S.* DIFFERS: more than the provider allows\n/,
    );
    expect(stdout).toContain("· sk-…0000 · failed: HTTP 401, invalid_api_key: Deployment 'openai-2'");
    expect(stdout).toMatch(/vllm-1 .* failed: ECONNREFUSED/);
    expect(stdout).toMatch(/anthropic-1 .*\n.*\n {2}rpm +– +60 +59/);
    expect(stdout).not.toContain('of-the-status-test');
    const asJson = await headgate(['status', '-c', path, '--probe', '--json']);
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      config: path,
      deployments: [
        {
          id: 'openai-1',
          ok: true,
          limits: [
            { type: 'rpm', configured: 60, limit: 60, differs: null },
            { type: 'tpm', differs: 'higher' },
          ],
        },
        { id: 'openai-2', ok: false, code: 'invalid_api_key', status: 401 },
        { id: 'vllm-1', ok: false },
        { id: 'anthropic-1', ok: true },
      ],
    });
    expect(asJson.stdout).not.toContain('of-the-status-test');
  });

  it('makes no model call without being asked to, and says what would', async () => {
    const { url, stats } = await simulator('--rpm', '60', '--api-key', KEY);
    const { stdout } = await headgate(['status'], { env: { HEADGATE_CONFIG: configuration(url) } });
    expect(stdout).toContain('says its limits only with model calls: ask with --probe, which makes one call of one token');
    expect((await stats()).accepted).toBe(0);
    const none = await headgate(['status']);
    expect(none).toMatchObject({
      code: 2,
      stderr: 'headgate: No configuration: name one with -c, or in the environment variable HEADGATE_CONFIG.\n',
    });
  });
});
