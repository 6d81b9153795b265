import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { InvalidConfiguration } from '../domain/errors.ts';
import { camelCase, holdsNames } from './expand/camel-case.ts';
import { MOST_LEVELS } from './expand/plain-data.ts';
import type { ConfigPath, Locate } from './headgate-config-problems.ts';

/** A file's contents, and where each part of it stands. */
interface ReadFile {
  readonly value: unknown;
  readonly locate: Locate;
}

const MOST_SHOWN = 20;
const MOST_FAILURES = 3;

/**
 * Reads YAML 1.2 with the core schema, and so JSON too: one document, no tags of anybody's own, no key twice, no reference
 * to itself. Messages never quote the text, which may hold keys.
 *
 * @throws InvalidConfiguration with a line for each problem: `config.yaml:3:1: …`
 */
export function readYaml(text: string, fileName: string): ReadFile {
  const lines = new LineCounter();
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  const document = parsed(text, fileName, lines);
  const failures = [...document.errors, ...document.warnings];
  if (failures.length > 0) {
    const told = failures
      .sort((a, b) => a.pos[0] - b.pos[0])
      .map(({ code, pos: [at] }) => `${place(at)}: ${isUnquotedReference(text, at) ? QUOTE_IT : (WORDS[code] ?? 'this is no YAML')}`);
    // What comes later is mostly a consequence.
    throw new InvalidConfiguration([...new Set(told)].slice(0, MOST_FAILURES).join('\n'));
  }
  const reader = new Reader(place);
  const value = reader.read(document.contents, 0);
  if (reader.problems.length > 0) throw new InvalidConfiguration(reader.problems.slice(0, MOST_SHOWN).join('\n'));
  return { value, locate: (path, ofKey) => placeOf(path, ofKey) };

  function placeOf(path: ConfigPath, ofKey: boolean): string | undefined {
    const offset = offsetOf(document.contents, path, ofKey, reader);
    return offset === undefined ? fileName : place(offset);
  }
}

function parsed(text: string, fileName: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, {
      lineCounter,
      version: '1.2',
      schema: 'core',
      merge: false,
      resolveKnownTags: false,
      stringKeys: true,
      // The reader looks for itself: this compares every key with every other.
      uniqueKeys: false,
      // A pretty error quotes the text.
      prettyErrors: false,
      logLevel: 'error',
    });
  } catch (error) {
    if (error instanceof RangeError) throw new InvalidConfiguration(`${fileName}: expected no more than ${MOST_LEVELS} levels`);
    throw error;
  }
}

/** The braces of a reference are YAML's own inside a list or map on one line. */
const QUOTE_IT = `inside [ ] and { }, put \${…} in quotes or write env:NAME`;

function isUnquotedReference(text: string, at: number): boolean {
  return text.slice(Math.max(0, at - 2), at + 2).includes('$'.concat('{'));
}

/** Turns nodes into plain data. A node that is referred to becomes one value, however often. */
class Reader {
  readonly problems: string[] = [];
  readonly #place: (offset: number) => string;
  readonly #anchors = new Map<string, Node>();
  readonly #values = new Map<Node, unknown>();
  readonly #targets = new Map<Alias, Node>();

  constructor(place: (offset: number) => string) {
    this.#place = place;
  }

  read(node: unknown, depth: number): unknown {
    if (isAlias(node)) return this.#referredTo(node);
    if (isScalar(node)) return this.#keep(node, node.value);
    if (!isMap(node) && !isSeq(node)) return null;
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (depth >= MOST_LEVELS) return this.#complain(node, `expected no more than ${MOST_LEVELS} levels`);
    if (isSeq(node))
      return this.#keep(
        node,
        node.items.map((item) => this.read(item, depth + 1)),
      );
    const keys = new Set<string>();
    const entries = node.items.map(({ key, value }): [string, unknown] => {
      const name = keyText(key);
      if (keys.has(name)) this.#complain(key, 'this key stands here twice');
      keys.add(name);
      return [name, this.read(value, depth + 1)];
    });
    return this.#keep(node, Object.fromEntries(entries));
  }

  /** What an alias stands for; undefined for what is no alias, or one of something that isn't there. */
  targetOf(node: unknown): unknown {
    return isAlias(node) ? this.#targets.get(node) : node;
  }

  #referredTo(alias: Alias): unknown {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) return this.#complain(alias, 'this refers to nothing: no anchor of that name stands before it');
    if (!this.#values.has(target)) return this.#complain(alias, 'this refers to what it is a part of');
    this.#targets.set(alias, target);
    return this.#values.get(target);
  }

  #keep(node: Node, value: unknown): unknown {
    if ('anchor' in node && typeof node.anchor === 'string') {
      this.#anchors.set(node.anchor, node);
      this.#values.set(node, value);
    }
    return value;
  }

  #complain(node: unknown, message: string): undefined {
    this.problems.push(`${this.#place(startOf(node) ?? 0)}: ${message}`);
    return undefined;
  }
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value ?? '') : '';
}

function startOf(node: unknown): number | undefined {
  if (!isAlias(node) && !isScalar(node) && !isMap(node) && !isSeq(node)) return undefined;
  return node.range?.[0];
}

/** Where a path leads in the file, or as far as it goes there: a value that is plain, or else the key of a map or list. */
function offsetOf(root: unknown, path: ConfigPath, ofKey: boolean, reader: Reader): number | undefined {
  let node: unknown = root;
  let keyAt = startOf(root);
  for (const [index, step] of path.entries()) {
    const here = reader.targetOf(node);
    if (isMap(here)) {
      const isNames = holdsNames(path[index - 1]);
      const pair = here.items.find(({ key }) => (isNames ? keyText(key) : camelCase(keyText(key))) === step);
      if (pair === undefined) return keyAt;
      keyAt = startOf(pair.key) ?? keyAt;
      node = pair.value;
    } else if (isSeq(here) && typeof step === 'number' && step < here.items.length) {
      node = here.items[step];
      keyAt = startOf(node) ?? keyAt;
    } else return keyAt;
  }
  if (ofKey) return keyAt;
  return isScalar(node) || isAlias(node) ? (startOf(node) ?? keyAt) : keyAt;
}

const WORDS: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'a reference has no anchor or tag of its own',
  BAD_ALIAS: 'this is no reference',
  BAD_DIRECTIVE: 'this directive is not known',
  BAD_DQ_ESCAPE: 'this escape is not known in double quotes',
  BAD_INDENT: 'this is indented like nothing above, or a bracket above is not closed',
  BAD_PROP_ORDER: 'anchors and tags stand after the indicator they belong to',
  BAD_SCALAR_START: 'a plain text can not begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a map or list stands where a key should; is there a colon too many, or a line that should be indented?',
  BLOCK_IN_FLOW: 'a block can not stand inside [ ] or { }',
  IMPOSSIBLE: 'this is no YAML',
  KEY_OVER_1024_CHARS: 'this key is longer than 1,024 characters',
  MISSING_CHAR: 'something is missing here: a closing quote or bracket, a colon, or a comma',
  MULTILINE_IMPLICIT_KEY: 'a key ends on the line it begins; is a colon or a quote missing?',
  MULTIPLE_ANCHORS: 'one anchor is enough',
  MULTIPLE_DOCS: 'expected one document, and a second one begins here',
  MULTIPLE_TAGS: 'one tag is enough',
  NON_STRING_KEY: 'expected a key of plain text',
  RESOURCE_EXHAUSTION: `expected no more than ${MOST_LEVELS} levels`,
  TAB_AS_INDENT: 'a tab can not indent; use spaces',
  TAG_RESOLVE_FAILED: 'tags are not supported, and this one is not known',
  UNEXPECTED_TOKEN: 'this stands where nothing of its kind can',
  BAD_COLLECTION_TYPE: 'this tag does not fit what it stands at',
};
