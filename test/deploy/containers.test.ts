import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import { deploymentProblem } from '../../src/providers/deployment-problem.ts';
import { ROOT } from '../docs/markdown.ts';
import { dockerfile, read, readCompose, wordsOf } from './container-files.ts';

describe('the Dockerfile', () => {
  const instructions = dockerfile();
  const copied = instructions
    .filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from='))
    .flatMap(({ text }) => text.split(/\s+/).slice(0, -1));

  it('copies what exists and what .dockerignore lets in, and nothing else is let in', () => {
    const letIn = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path);

    expect(copied.filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([]);
    expect([...new Set(copied)].sort()).toEqual(letIn.sort());
  });

  it('builds with a script that there is, and starts the package’s command', () => {
    const { scripts, bin } = JSON.parse(read('package.json')) as { scripts: Record<string, string>; bin: { headgate: string } };
    const run = instructions.flatMap(({ name, text }) => (name === 'RUN' ? [/^npm run (\S+)/.exec(text)?.[1]] : [])).filter(Boolean);

    expect(run.filter((script) => scripts[script ?? ''] === undefined)).toEqual([]);
    expect(wordsOf('ENTRYPOINT')).toEqual(['node', `/app/${bin.headgate}`]);
    expect(wordsOf('CMD')[0]).toBe('serve');
  });

  it('runs as nobody in particular, on the Node that the package asks for', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const bases = instructions.filter(({ name }) => name === 'FROM').map(({ text }) => Number(/^node:(\d+)-slim/.exec(text)?.[1]));

    expect(instructions.find(({ name }) => name === 'USER')?.text).toBe('node');
    for (const base of bases) expect(base).toBeGreaterThanOrEqual(Number(/\d+/.exec(engines.node)?.[0]));
  });
});

describe('compose.yaml', () => {
  const { services, secrets, volumes } = readCompose();
  const mounts = Object.values(services).flatMap((service) => service.volumes ?? []);
  const sources = mounts.map((mount) => mount.split(':')[0] ?? '');

  it('mounts files that exist and volumes that it names', () => {
    const files = sources.filter((source) => source.startsWith('./'));

    expect(files.length).toBeGreaterThan(3);
    expect(files.filter((file) => !existsSync(`${ROOT}${file}`))).toEqual([]);
    expect([...new Set(sources.filter((source) => !source.startsWith('./')))].sort()).toEqual(Object.keys(volumes).sort());
  });

  it('takes its secrets from files that it says how to make, and that no commit takes along', () => {
    for (const { file } of Object.values(secrets)) {
      expect(read('compose.yaml')).toContain(`> ${file.replace('./', '')}`);
      expect(execFileSync('git', ['check-ignore', file], { cwd: ROOT, encoding: 'utf8' }).trim()).toBe(file);
    }
    expect(Object.values(services).flatMap((service) => service.secrets ?? [])).toEqual(Object.keys(secrets));
  });

  it('waits only for services that there are, healthy ones that say when they are', () => {
    for (const { depends_on = {} } of Object.values(services)) {
      for (const [name, { condition }] of Object.entries(depends_on)) {
        expect(Object.keys(services)).toContain(name);
        if (condition === 'service_healthy') expect(services[name]?.healthcheck, name).toBeDefined();
      }
    }
  });

  it('has every image at a version, and opens ports to this machine only', () => {
    for (const { image, build, ports = [] } of Object.values(services)) {
      expect(image === undefined ? build : image).toMatch(/^(\.|[\w./-]+:v?\d[\w.-]*)$/);
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('gives the gateway a configuration that is right, and calls the simulated provider that it starts', () => {
    const { environment = {} } = services['headgate'] ?? {};
    const config = parseHeadgateConfig(parse(read('deploy/headgate.yaml')), { env: environment, checkDeployment: deploymentProblem });
    const { command = [] } = services['simulator'] ?? {};
    const flag = (name: string): string | undefined => command[command.indexOf(name) + 1];

    expect(environment['HEADGATE_CONFIG']).toBe(mounts.find((mount) => mount.startsWith('./deploy/headgate.yaml'))?.split(':')[1]);
    expect(config.warnings).toEqual([]);
    const deployments = Object.values(config.models).flatMap((model) => model.deployments);
    expect(new Set(deployments.map(({ baseUrl }) => baseUrl))).toEqual(new Set([`http://simulator:${flag('--port')}/v1`]));
    expect(deployments.map(({ apiKey }) => apiKey).join()).toBe(flag('--api-keys'));
    for (const address of [environment['DATABASE_URL'], environment['REDIS_URL']]) {
      expect(Object.keys(services)).toContain(/[/@]([a-z]+):\d+/.exec(address ?? '')?.[1]);
    }
  });

  it('has Prometheus ask the gateway with the key, and Grafana ask Prometheus', () => {
    const { scrape_configs: jobs } = parse(read('deploy/prometheus.yml')) as {
      scrape_configs: readonly { authorization: { credentials_file: string }; static_configs: readonly { targets: readonly string[] }[] }[];
    };
    const { datasources } = parse(read('deploy/grafana/provisioning/datasources/prometheus.yaml')) as {
      datasources: readonly { type: string; url: string }[];
    };
    const { providers } = parse(read('deploy/grafana/provisioning/dashboards/headgate.yaml')) as {
      providers: readonly { options: { path: string } }[];
    };

    expect(jobs.map(({ static_configs: targets }) => targets)).toEqual([[{ targets: ['headgate:8080'] }]]);
    expect(jobs[0]?.authorization.credentials_file).toBe(`/run/secrets/${services['prometheus']?.secrets?.[0]}`);
    expect(datasources.map(({ type, url }) => [type, url])).toEqual([['prometheus', 'http://prometheus:9090']]);
    expect(mounts).toContain(`./deploy/grafana/headgate.json:${providers[0]?.options.path}/headgate.json:ro`);
  });
});
