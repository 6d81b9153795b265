import ts from 'typescript';
import { type Block, ROOT } from './markdown.ts';

/** What a snippet that is not a whole program may use without saying where it comes from. */
const GIVEN = `
import type { ModelConfig, Processor, QueueManager, QueueRequest, RequestHandle, SettledResponse } from 'headgate';
export declare const manager: QueueManager<{ prompt: string }, { text: string }>;
export declare const config: ModelConfig;
export declare const processor: Processor<{ prompt: string }, { text: string }>;
export declare const request: QueueRequest<{ prompt: string }>;
export declare const handle: RequestHandle<{ text: string }>;
export declare const response: SettledResponse<{ text: string }>;
export declare const prompts: readonly string[];
export declare function callProvider(body: unknown, options?: { signal?: AbortSignal }): Promise<Response>;
`;
const GIVEN_NAMES = [...GIVEN.matchAll(/declare (?:const|function) (\w+)/g)].map(([, name]) => name);
const GIVEN_FILE = `${ROOT}docs/given.ts`;
/** Lines that stand before a snippet's own first one. */
const HEADER_LINES = 2;

/** The packages that users import, as the sources in this repository. */
const PATHS = {
  headgate: ['src/index.ts'],
  'headgate/client': ['src/client/index.ts'],
  'headgate/database': ['src/stores/sql/index.ts'],
  'headgate/gateway': ['src/gateway/index.ts'],
  'headgate/machines': ['machines/index.ts'],
  'headgate/prometheus': ['src/prometheus/index.ts'],
  'headgate/redis': ['src/stores/redis/index.ts'],
  'headgate/logging': ['src/observability/logging.ts'],
  'headgate/simulator': ['src/simulator/index.ts'],
  'headgate/testing': ['src/testing/index.ts'],
  'headgate/watch': ['src/watch/index.ts'],
};

/** Compiles TypeScript blocks against the sources and returns what is wrong, as `page:line: message`. */
export function typeErrors(blocks: readonly Block[]): string[] {
  const sources = new Map([[GIVEN_FILE, GIVEN]]);
  const byFile = new Map<string, Block>();
  blocks.forEach((block, index) => {
    const file = `${ROOT}docs/snippet-${index}.ts`;
    sources.set(file, asModule(block.code));
    byFile.set(file, block);
  });
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile).config, ts.sys, ROOT);
  const settings = { ...options, paths: PATHS, noEmit: true };
  const host = ts.createCompilerHost(settings);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file) ?? readFile(file);
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const text = sources.get(file);
    return text === undefined ? getSourceFile(file, languageVersion, ...rest) : ts.createSourceFile(file, text, languageVersion);
  };
  const program = ts.createProgram([...sources.keys()], settings, host);
  return [...byFile].flatMap(([file, block]) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((found) => {
      const line = source?.getLineAndCharacterOfPosition(found.start ?? 0).line ?? 0;
      return `${block.page}:${block.line + line - HEADER_LINES}: ${ts.flattenDiagnosticMessageText(found.messageText, ' ')}`;
    });
  });
}

/** Every snippet gets the given names, which its own may shadow; one that makes a manager has to name it itself. */
function asModule(code: string): string {
  const imports = code.split('\n').map((line) => (line.startsWith('import ') ? line : ''));
  const body = code.split('\n').map((line) => (line.startsWith('import ') ? '' : line));
  const own = new Set(imports.flatMap((line) => line.match(/\w+/g) ?? []));
  if (code.includes('new QueueManager')) own.add('manager');
  const given = `import { ${GIVEN_NAMES.filter((name) => !own.has(name ?? '')).join(', ')} } from './given.ts';`;
  // Imports are hoisted out of the block one line each, so that errors keep their line numbers.
  return `${given}${imports.join('')}\nexport {}; {\n${body.join('\n')}\n}\n`;
}
