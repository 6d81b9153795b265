import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';
import { configurationPage } from './configuration-page.ts';
import { packageEntries } from './package-entries.ts';

/**
 * Writes docs/api from the docstrings of the package's entries, and docs/configuration.md from the schemas. With `--check`
 * it writes nothing and fails where the pages in the repository are not what docstrings and schemas say.
 */
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TARGET = join(ROOT, 'docs/api');
const CONFIGURATION = join(ROOT, 'docs/configuration.md');
const isCheck = process.argv.includes('--check');
const out = isCheck ? mkdtempSync(join(tmpdir(), 'headgate-docs-')) : TARGET;

if (!isCheck) writeFileSync(CONFIGURATION, configurationPage());
else if (read(CONFIGURATION) !== configurationPage()) {
  console.error('docs/configuration.md is not what the schemas say. Run `npm run docs` and commit the result.');
  process.exitCode = 1;
} else console.log('docs/configuration.md is current.');

await generate(out);
if (isCheck) {
  const stale = differences(out, TARGET);
  rmSync(out, { recursive: true });
  if (stale.length) {
    console.error(`docs/api is not what the docstrings say: ${stale.join(', ')}. Run \`npm run docs\` and commit the result.`);
    process.exitCode = 1;
  } else console.log('docs/api is current.');
}

async function generate(folder: string): Promise<void> {
  const names = packageEntries();
  const entryPoints = [...names.keys()].map((source) => join(ROOT, source)).filter(existsSync);
  const app = await Application.bootstrapWithPlugins({ options: ROOT, entryPoints, logLevel: 'Warn' });
  const project = await app.convert();
  if (!project) throw new Error('The docstrings could not be read: see the errors of the compiler above.');
  for (const module of project.children ?? []) {
    // Readers import a package's entry, not the file behind it.
    module.name = names.get(project.getSymbolIdFromReflection(module)?.packagePath ?? '') ?? module.name;
  }
  app.validate(project);
  await app.outputs.writeOutput({ name: 'markdown', path: folder }, project);
  if (app.logger.hasErrors()) throw new Error('typedoc reported the errors above.');
}

function differences(expected: string, actual: string): string[] {
  const paths = new Set([expected, actual].flatMap((folder) => globSync('**/*.md', { cwd: folder })));
  return [...paths].filter((path) => read(join(expected, path)) !== read(join(actual, path))).sort();
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
