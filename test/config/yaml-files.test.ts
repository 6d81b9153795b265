import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadHeadgateConfig } from '../../src/config/load-config.ts';
import { complaints, fromYaml } from './read.ts';

/** Nine lists of nine references each to the one before. */
const LAUGHS = ['a: &a [x, x, x, x, x, x, x, x, x]'];
for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi'])
  LAUGHS.push(`${name}: &${name} [${Array(9).fill(`*${before}`)}]`);

describe('a problem in a file', () => {
  it('says line and column of the value', () => {
    const text = 'pool:\n  max_size: 4\nmodels:\n  gpt-4o:\n    rate_limiters:\n      - type: rpm\n        limit:   -1\n';
    expect(complaints(text)).toEqual([
      'config.yaml:7:18: models.gpt-4o.rateLimiters[0].limit: expected a limit, a whole number > 0, not -1',
    ]);
  });

  it('says that of the key, where the key is wrong or the value is a map or a list', () => {
    const text = 'pool: {max_size: 1, max_sise: 2}\nmodels:\n  - a\ndomains:\n  d:\n    rate_limiters: {}\n';
    expect(complaints(text).sort()).toEqual([
      'config.yaml:1:21: pool.maxSise: unknown key "maxSise"; did you mean maxSize?',
      'config.yaml:2:1: models: expected models by id, not a list',
      'config.yaml:6:5: domains.d.rateLimiters: expected a list of limits, not a map',
    ]);
  });

  it('says that of what surrounds it, where something is missing', () => {
    expect(complaints('models:\n  m:\n    deployments:\n      - id: x\n')).toEqual([
      "config.yaml:4:9: models.m.deployments[0].provider: missing; expected a provider's name, as openai or anthropic",
    ]);
  });

  it('is found through a reference', () => {
    expect(complaints('domains: {d: {rateLimiters: &limits [{type: rpm, limit: 0}]}}\nmodels: {m: {rateLimiters: *limits}}\n')).toEqual([
      'config.yaml:1:57: models.m.rateLimiters[0].limit: expected a limit, a whole number > 0, not 0',
      'config.yaml:1:57: domains.d.rateLimiters[0].limit: expected a limit, a whole number > 0, not 0',
    ]);
  });

  it.each([
    ['pool: {max_size: 1}\npool: {max_size: 2}', 'config.yaml:2:1: this key stands here twice'],
    ['pool: [1', 'config.yaml:1:9: this is indented like nothing above, or a bracket above is not closed'],
    ['pool:\n\tmax_size: 1', 'config.yaml:2:1: a tab can not indent; use spaces'],
    ['pool: {}\n---\npool: {}', 'config.yaml:2:1: expected one document, and a second one begins here'],
    ['pool: !mine {}', 'config.yaml:1:7: tags are not supported, and this one is not known'],
    ['pool: !!binary aGk=', 'config.yaml:1:7: tags are not supported, and this one is not known'],
    ['pool: *nothing', 'config.yaml:1:7: this refers to nothing: no anchor of that name stands before it'],
    ['pool: &p\n  max_size: *p', 'config.yaml:2:13: this refers to what it is a part of'],
    ['? [a]\n: 1', 'config.yaml:1:3: expected a key of plain text'],
    [`pool: [$\{A}, b]`, `config.yaml:1:9: inside [ ] and { }, put $\{…} in quotes or write env:NAME`],
    ['pool: {<<: {max_size: 1}}', /^config\.yaml:1:8: pool\["<<"\]: unknown key "<<"/],
    [`pool: ${'['.repeat(70)}${']'.repeat(70)}`, 'config.yaml:1:38: expected no more than 32 levels'],
  ])('of form is one too: %j', (text, line) => {
    const lines = complaints(text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toEqual(typeof line === 'string' ? line : expect.stringMatching(line));
  });
});

describe('a file', () => {
  it('is YAML 1.2, whatever it says of itself', () => {
    expect(complaints('%YAML 1.1\n---\nglobal: {enable_logging: yes}')).toEqual([
      'config.yaml:3:26: global.enableLogging: expected true or false, not "yes"',
    ]);
  });

  it('may be JSON, indented with tabs too', () => {
    expect(fromYaml('{\n\t"models": {\n\t\t"m": {"maxQueueSize": 5}\n\t}\n}\n').models['m']?.maxQueueSize).toBe(5);
    expect(complaints('{\n\t"models": {\n\t\t"m": {"maxQueueSize": 0}\n\t}\n}\n')).toEqual([
      'config.yaml:3:25: models.m.maxQueueSize: expected a queue size, a whole number > 0, not 0',
    ]);
  });

  it('may be empty', () => {
    for (const text of ['', '# nothing\n', '---\n']) expect(fromYaml(text).models).toEqual({});
  });

  it('may use an anchor as often as it likes', () => {
    const models = Array.from({ length: 500 }, (_, i) => `  m${i}: *shared`).join('\n');
    const text = `models:\n  first: &shared {max_queue_size: 5}\n${models}\n`;
    expect(Object.values(fromYaml(text).models).every(({ maxQueueSize }) => maxQueueSize === 5)).toBe(true);
  });

  it('does not grow without bound through references', () => {
    expect(complaints(LAUGHS.join('\n'))).toEqual([
      'config.yaml:1:1: expected at most 200000 values, references counted as often as they are used',
    ]);
  });
});

describe('loadHeadgateConfig', () => {
  const written = (name: string, content: string | Uint8Array): string => {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-config-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  it('reads a file, and variables from where it is told', async () => {
    const path = written('c.yaml', 'providers: {openai: {api_keys: [env:MINE], models: [m]}}');
    const config = await loadHeadgateConfig(path, { env: { MINE: 'k' } });
    expect(config.models['m']?.deployments[0]?.apiKey).toBe('k');
    await expect(loadHeadgateConfig(path, { env: {} })).rejects.toThrow(
      `${path}:1:33: providers.openai.apiKeys[0]: the environment variable MINE is not set`,
    );
  });

  it("takes the process's variables where it is told of none", async () => {
    const path = written('c.yaml', 'providers: {openai: {api_keys: [env:HEADGATE_TEST_NOT_SET], models: [m]}}');
    await expect(loadHeadgateConfig(path)).rejects.toThrow('HEADGATE_TEST_NOT_SET is not set');
  });

  it('takes a file of 1 MiB and none that is larger', async () => {
    const mebibyte = 1024 * 1024;
    const full = `pool: {max_size: 3}\n#${'x'.repeat(mebibyte - 21)}`;
    expect((await loadHeadgateConfig(written('c.yaml', full))).pool.maxSize).toBe(3);
    await expect(loadHeadgateConfig(written('c.yaml', `${full}x`))).rejects.toThrow('is larger than 1 MiB');
  });

  it('says why a file can not be read', async () => {
    const path = written('c.yaml', Uint8Array.of(0xff, 0xfe, 0x41));
    const folder = join(path, '..');
    await expect(loadHeadgateConfig(path)).rejects.toThrow(`The configuration ${path} is no text in UTF-8.`);
    await expect(loadHeadgateConfig(folder)).rejects.toThrow(`Can't read the configuration ${folder}: it is a folder.`);
    await expect(loadHeadgateConfig(`${folder}/none`)).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: `Can't read the configuration ${folder}/none: no such file.`,
    });
  });
});
