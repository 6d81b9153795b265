import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';
import { packageEntries } from './package-entries.ts';

/**
 * Writes docs/api from the docstrings of the package's entries. With `--check` it writes nothing and fails where
 * the pages in the repository are not what the docstrings say.
 */
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TARGET = join(ROOT, 'docs/api');
const isCheck = process.argv.includes('--check');
const out = isCheck ? mkdtempSync(join(tmpdir(), 'headgate-docs-')) : TARGET;

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
