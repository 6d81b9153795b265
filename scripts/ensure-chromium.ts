import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge'];
const FIXED_PLACES = [
  '/usr/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** What to tell somebody whose browser test can't run. */
export const CHROMIUM_MISSING =
  'The browser test needs Chromium or Chrome and found neither. Install it (Debian, Ubuntu: apt-get install chromium; ' +
  'macOS: brew install --cask chromium) or name its executable in CHROMIUM_PATH.';

/** The executable of a Chromium on this machine: `CHROMIUM_PATH`, then the PATH, then the usual places; undefined without one. */
export function findChromium(): string | undefined {
  const named = process.env['CHROMIUM_PATH'];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).flatMap((folder) => COMMANDS.map((command) => join(folder, command)));
  return [...(named ? [named] : []), ...onPath, ...FIXED_PLACES].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs Debian's package where we may and must; everywhere else the browser test itself says what is missing. */
function installOnDebian(): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  console.log('The browser test needs Chromium: installing the package chromium with apt-get.');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', 'chromium'],
  ]) {
    const { status, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
    if (status !== 0) {
      console.log(`apt-get ${args.join(' ')} failed: ${stderr.trim()}`);
      return;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!findChromium()) installOnDebian();
  const chromium = findChromium();
  console.log(chromium ? `Browser test: ${chromium}` : CHROMIUM_MISSING);
}
