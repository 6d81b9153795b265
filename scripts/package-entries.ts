import { readFileSync } from 'node:fs';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

/** The modules that package.json exports: source path from the root (`src/testing/index.ts`) to import name (`headgate/testing`). */
export function packageEntries(): ReadonlyMap<string, string> {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Manifest;
  const entries = new Map<string, string>();
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue;
    const source = target.default.replace('./dist/', '').replace(/\.js$/, '.ts');
    entries.set(source, subpath.replace('.', manifest.name));
  }
  return entries;
}
