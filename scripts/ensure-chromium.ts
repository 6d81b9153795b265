import { fileURLToPath } from 'node:url';
import { findExecutable, installOnDebian } from './find-executable.ts';

const PLACES = [
  ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge'],
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
  return findExecutable([...(named ? [named] : []), ...PLACES]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!findChromium()) installOnDebian(['chromium'], 'The browser test needs Chromium');
  const chromium = findChromium();
  console.log(chromium ? `Browser test: ${chromium}` : CHROMIUM_MISSING);
}
