import { readFileSync, writeFileSync } from 'node:fs';
import * as machines from '../machines/index.ts';
import { chartsAsMarkdown } from '../src/observability/mermaid.ts';

/** Writes docs/machines.md from the charts; with `--check` it writes nothing and fails where the page is not what they say. */
const PAGE = new URL('../docs/machines.md', import.meta.url);
const HEAD = `# The state charts

Headgate runs on these [XState](https://stately.ai/docs) charts, one per file in \`machines/\`, with no logic but their own in them. \`headgate machines\`
prints them, \`headgate machines --format json\` as definitions by id, and \`headgate/machines\` exports them.

This page is generated: \`npm run docs:machines\`.

`;

const page = HEAD + chartsAsMarkdown(Object.values(machines));
if (!process.argv.includes('--check')) writeFileSync(PAGE, page);
else if (readFileSync(PAGE, 'utf8') !== page) {
  console.error('docs/machines.md is not what the charts say. Run `npm run docs:machines` and commit the result.');
  process.exitCode = 1;
} else console.log('docs/machines.md is current.');
