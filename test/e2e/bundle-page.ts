import { isBuiltin } from 'node:module';
import { build, type Plugin } from 'vite';

/** What a bundle for browsers was made of. */
export interface Bundle {
  /** Every module that went in, by its file. */
  readonly modules: readonly string[];
  /** `importer → specifier` of every import of something that only Node has. */
  readonly nodeImports: readonly string[];
  /** The code of all chunks. */
  readonly code: string;
}

/** Builds the page in `root` (an index.html and what it loads) into `outDir` as a user's `vite build` does, and reports what it is made of. */
export async function bundlePage(root: string, outDir: string): Promise<Bundle> {
  const modules = new Set<string>();
  const nodeImports = new Set<string>();
  let code = '';
  const recorder: Plugin = {
    name: 'record-modules',
    enforce: 'pre',
    resolveId(specifier, importer) {
      if (isBuiltin(specifier)) nodeImports.add(`${importer} → ${specifier}`);
    },
    moduleParsed({ id }) {
      modules.add(id);
    },
    generateBundle(_options, bundle) {
      for (const output of Object.values(bundle)) if (output.type === 'chunk') code += output.code;
    },
  };
  await build({ root, configFile: false, logLevel: 'error', plugins: [recorder], build: { outDir, emptyOutDir: true, target: 'es2023' } });
  return { modules: [...modules], nodeImports: [...nodeImports], code };
}
