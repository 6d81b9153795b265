import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first of the places that is an executable file; a bare name stands for that command on the PATH. */
export function findExecutable(places: readonly string[]): string | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  return places
    .flatMap((place) => (place.includes('/') || place.includes('\\') ? [place] : path.map((folder) => join(folder, place))))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs Debian's packages where we may; everywhere else the tests themselves say what is missing. */
export function installOnDebian(packages: readonly string[], neededBy: string): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  console.log(`${neededBy}: installing ${packages.join(' and ')} with apt-get.`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const { status, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
    if (status !== 0) {
      console.log(`apt-get ${args.join(' ')} failed: ${stderr.trim()}`);
      return;
    }
  }
}
