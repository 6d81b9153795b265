import { posix } from 'node:path';
import { type ImportFact, type ModuleFacts, readModule } from './read-module.ts';

export interface Import extends ImportFact {
  /** The imported module of this project, or undefined for a package. */
  readonly target: string | undefined;
}

export interface Module extends Omit<ModuleFacts, 'imports'> {
  readonly path: string;
  readonly imports: readonly Import[];
}

export type Graph = ReadonlyMap<string, Module>;

/** @param sources the text of every module by its path from the repository's root, with forward slashes */
export function buildGraph(sources: ReadonlyMap<string, string>): Graph {
  const graph = new Map<string, Module>();
  for (const [path, source] of sources) {
    const { imports, names } = readModule(path, source);
    graph.set(path, { path, names, imports: imports.map((fact) => ({ ...fact, target: targetOf(path, fact.specifier) })) });
  }
  return graph;
}

function targetOf(path: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), specifier)) : undefined;
}

/** Everything that runs when one of `entries` is loaded, with the module that pulled it in; type-only imports are erased. */
export function reachable(graph: Graph, entries: readonly string[]): ReadonlyMap<string, string | undefined> {
  const reachedFrom = new Map<string, string | undefined>();
  const queue: [string, string | undefined][] = entries.filter((entry) => graph.has(entry)).map((entry) => [entry, undefined]);
  for (const [path, from] of queue) {
    if (reachedFrom.has(path)) continue;
    reachedFrom.set(path, from);
    for (const { target, typeOnly } of graph.get(path)?.imports ?? []) {
      if (target && !typeOnly && graph.has(target)) queue.push([target, path]);
    }
  }
  return reachedFrom;
}

/** How an entry came to load `path`: `src/index.ts → src/engine/a.ts → path`. */
export function chainTo(path: string, reachedFrom: ReadonlyMap<string, string | undefined>): string {
  const chain = [path];
  for (let from = reachedFrom.get(path); from; from = reachedFrom.get(from)) chain.unshift(from);
  return chain.join(' → ');
}

/** Every cycle once, as the path that closes it. Type-only imports count: two files that need each other are one idea or three. */
export function cycles(graph: Graph): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    for (const { target } of graph.get(path)?.imports ?? []) if (target && graph.has(target)) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return [...new Set(found)];
}
