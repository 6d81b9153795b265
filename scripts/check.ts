import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Runs every `check:…` script of package.json, also after one failed, and says at the end which did. */
const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> };
const checks = Object.keys(scripts).filter((name) => name.startsWith('check:'));

const failed = checks.filter((name) => {
  console.log(`\n== ${name}: ${scripts[name]}`);
  return spawnSync(`npm run --silent ${name}`, { stdio: 'inherit', shell: true }).status !== 0;
});

console.log(`\n${checks.length - failed.length} of ${checks.length} checks passed${failed.length ? `; failed: ${failed.join(', ')}` : ''}`);
process.exitCode = failed.length ? 1 : 0;
