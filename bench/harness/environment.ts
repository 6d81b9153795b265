import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Packages whose versions a figure depends on. */
const PACKAGES = ['xstate', 'rxjs', 'undici', 'p-queue', 'rate-limiter-flexible', 'bottleneck'];

/** Where and with what a run was made. */
export interface Environment {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly versions: Readonly<Record<string, string>>;
}

export function readEnvironment(): Environment {
  const versions: Record<string, string> = { headgate: versionIn('package.json') };
  for (const name of PACKAGES) versions[name] = versionIn(`node_modules/${name}/package.json`);
  const all = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    versions,
  };
}

/** One sentence for the foot of a table. */
export function describeEnvironment({ date, node, cpu, cores, versions }: Environment): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `Measured ${date} on ${cores} cores of ${cpu}, Node ${node.slice(1)}; ${packages.join(', ')}.`;
}

function versionIn(path: string): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
}
