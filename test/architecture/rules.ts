import { builtinModules } from 'node:module';
import { chainTo, cycles, type Graph, type Import, type Module, reachable } from './graph.ts';
import { knownFolders, placeOf, refusal } from './layers.ts';

/** Entries that must also load in a browser. */
const BROWSER_ENTRIES = ['src/index.ts', 'machines/index.ts', 'src/watch/index.ts'];
const REAL_TIME_FILE = 'src/lib/system-clock.ts';

const REAL_TIME = new Set('Date.now|new Date()|performance|setTimeout|setInterval|setImmediate|Math.random|AbortSignal.timeout'.split('|'));
const RXJS_ON_REAL_TIME = new Set(
  'interval|timer|delay|debounceTime|throttleTime|auditTime|sampleTime|bufferTime|windowTime|timeout|timeInterval|timestamp|asyncScheduler'.split(
    '|',
  ),
);
const PURE = new Set(['domain', 'lib', 'limits', 'scheduling', 'config']);
const NOT_FOR_BROWSERS = new Set(['pino', 'undici', 'commander']);
const NODE_GLOBALS = new Set(['process', 'Buffer', '__dirname', '__filename', 'require']);

const MAKERS = new Set(['createActor', 'Subject', 'BehaviorSubject', 'ReplaySubject', 'AsyncSubject']);

type Rule = (graph: Graph, entries: readonly string[]) => string[];

/**
 * Every breach of the layers and of the rules about time, as `file:line what is wrong: why`.
 * @param entries the package's entry modules, the only places where an `index.ts` may stand
 */
export function breaches(graph: Graph, entries: readonly string[]): string[] {
  return RULES.flatMap((rule) => rule(graph, entries));
}

const RULES: readonly Rule[] = [
  placesAreKnown,
  targetsExist,
  importsPointDown,
  machinesRunOnXStateAlone,
  onlyTheEngineMakesActors,
  pureFoldersStayPure,
  timeComesFromTheClock,
  browsersCanLoadIt,
  indexOnlyAtEntries,
  (graph) => cycles(graph).map((cycle) => `${cycle}: an import cycle`),
];

function placesAreKnown(graph: Graph): string[] {
  return [...graph.keys()].filter((path) => !placeOf(path)).map((path) => `${path} is in no layer. Known folders: ${knownFolders()}.`);
}

function targetsExist(graph: Graph): string[] {
  return eachImport(graph, (_, { target }) => (target && !graph.has(target) ? 'which does not exist in src or machines' : undefined));
}

function importsPointDown(graph: Graph): string[] {
  return eachImport(graph, ({ path }, { target }) => {
    const from = placeOf(path);
    const to = target && placeOf(target);
    return from && to ? refusal(from, to) : undefined;
  });
}

function machinesRunOnXStateAlone(graph: Graph): string[] {
  return eachImport(graph, ({ path }, { specifier, target, typeOnly }) => {
    if (!path.startsWith('machines/') || typeOnly || packageOf(specifier) === 'xstate') return undefined;
    if (target?.startsWith('machines/')) return undefined;
    return 'a chart may import xstate and other charts at run time, everything else with `import type`';
  });
}

function onlyTheEngineMakesActors(graph: Graph): string[] {
  return eachImport(graph, ({ path }, { specifier, names, typeOnly }) => {
    if (typeOnly || path.startsWith('src/engine/') || !['xstate', 'rxjs'].includes(packageOf(specifier))) return undefined;
    const maker = names.find((name) => MAKERS.has(name));
    return maker ? `only the engine makes actors and subjects (${maker})` : undefined;
  });
}

function pureFoldersStayPure(graph: Graph): string[] {
  return eachImport(graph, ({ path }, { specifier }) => {
    const folder = placeOf(path)?.folder ?? '';
    if (!PURE.has(folder) || (isNodeModule(specifier) && /^src\/config\/load[^/]*\.ts$/.test(path))) return undefined;
    const isImpure = isNodeModule(specifier) || packageOf(specifier) === 'xstate' || packageOf(specifier) === 'rxjs';
    return isImpure ? `${folder} is pure: no xstate, no rxjs, no node: modules` : undefined;
  });
}

function timeComesFromTheClock(graph: Graph): string[] {
  const modules = [...graph.values()].filter(({ path }) => path !== REAL_TIME_FILE);
  const reason = `real time and chance live in ${REAL_TIME_FILE}; take a Clock or an injected random`;
  const names = modules.flatMap(({ path, names }) =>
    names.filter(({ name }) => REAL_TIME.has(name)).map(({ name, line }) => `${path}:${line} uses ${name}: ${reason}`),
  );
  const imports = eachImport(graph, ({ path }, { specifier, names }) => {
    if (path === REAL_TIME_FILE) return undefined;
    const timed = packageOf(specifier) === 'rxjs' && names.find((name) => RXJS_ON_REAL_TIME.has(name));
    if (timed) return `${timed} of rxjs runs on real time; ${reason}`;
    return /^(node:)?(timers|perf_hooks)(\/|$)/.test(specifier) ? reason : undefined;
  });
  return [...names, ...imports];
}

function browsersCanLoadIt(graph: Graph): string[] {
  const reachedFrom = reachable(graph, BROWSER_ENTRIES);
  const loaded = [...graph].filter(([path]) => reachedFrom.has(path));
  const imports = eachImport(new Map(loaded), ({ path }, { specifier, typeOnly }) => {
    const isForbidden = isNodeModule(specifier) || NOT_FOR_BROWSERS.has(packageOf(specifier));
    return isForbidden && !typeOnly ? `browsers load this module (${chainTo(path, reachedFrom)})` : undefined;
  });
  const globals = loaded.flatMap(([path, { names }]) =>
    names
      .filter(({ name }) => NODE_GLOBALS.has(name.split('.')[0] ?? ''))
      .map(({ name, line }) => `${path}:${line} uses ${name}: browsers load this module (${chainTo(path, reachedFrom)})`),
  );
  return [...imports, ...new Set(globals)];
}

function indexOnlyAtEntries(graph: Graph, entries: readonly string[]): string[] {
  return [...graph.keys()]
    .filter((path) => path.endsWith('/index.ts') && !entries.includes(path))
    .map((path) => `${path}: an index.ts stands at package entries only (${entries.join(', ')})`);
}

function eachImport(graph: Graph, problem: (from: Module, fact: Import) => string | undefined): string[] {
  return [...graph.values()].flatMap((from) =>
    from.imports.flatMap((fact) => {
      const why = problem(from, fact);
      return why ? [`${from.path}:${fact.line} imports ${fact.target ?? fact.specifier}: ${why}`] : [];
    }),
  );
}

function isNodeModule(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
