import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export function readText(path: string): string {
  return readFileSync(`${ROOT}/${path}`, 'utf8');
}

/** The text of every module of src/ and machines/, by its path from the root with forward slashes. */
export function readSources(): ReadonlyMap<string, string> {
  const paths = globSync(['src/**/*.ts', 'machines/**/*.ts'], { cwd: ROOT }).map((path) => path.replaceAll('\\', '/'));
  return new Map(paths.sort().map((path) => [path, readText(path)]));
}
