import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ROOT } from '../docs/markdown.ts';

/** One instruction of the Dockerfile. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** What a service of compose.yaml says that tests look at. */
export interface Service {
  readonly build?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, object>>;
}

export function readCompose(): Compose {
  return parse(read('compose.yaml')) as Compose;
}

/** Comments are left out, continued lines are one. */
export function dockerfile(): Instruction[] {
  const lines = read('Dockerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  return lines.flatMap((line) => {
    const [, name = '', text = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return name === '' ? [] : [{ name, text }];
  });
}

/** The words of an instruction in JSON form; of the last one of this name. */
export function wordsOf(name: string): string[] {
  const found = dockerfile().findLast((instruction) => instruction.name === name);
  return JSON.parse(/\[.*\]$/.exec(found?.text ?? '')?.[0] ?? '[]') as string[];
}

export function read(path: string): string {
  return readFileSync(`${ROOT}${path}`, 'utf8');
}
