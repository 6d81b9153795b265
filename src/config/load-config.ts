import { createReadStream } from 'node:fs';
import process from 'node:process';
import { InvalidConfiguration } from '../domain/errors.ts';
import type { Environment } from './expand/environment.ts';
import { type ParseConfigOptions, parseHeadgateConfig } from './headgate-config.ts';
import type { HeadgateConfig } from './headgate-config-types.ts';
import { readYaml } from './headgate-config-yaml.ts';

const LARGEST_FILE = 1024 * 1024;

/**
 * Reads a configuration from a YAML or JSON file of at most 1 MiB.
 *
 * @param options `env`: variables for `${NAME}` and `env:NAME`; default: the process's
 * @throws InvalidConfiguration whose message has a line for each problem, with file, line and column
 */
export async function loadHeadgateConfig(path: string, options: Omit<ParseConfigOptions, 'locate'> = {}): Promise<HeadgateConfig> {
  const env: Environment = options.env ?? process.env;
  if (typeof path !== 'string') throw new InvalidConfiguration("'path' is no text: expected the path of a file.", 'path');
  return parseConfigText(textOf(await bytesOf(path), path), path, { ...options, env });
}

/** The same from a text; `fileName` is what the messages call it. */
export function parseConfigText(text: string, fileName: string, options: Omit<ParseConfigOptions, 'locate'> = {}): HeadgateConfig {
  const { value, locate } = readYaml(text, fileName);
  return parseHeadgateConfig(value, { ...options, locate });
}

async function bytesOf(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    // A stream also reads what has no size, as a pipe; a byte more than allowed shows that there is more.
    for await (const chunk of createReadStream(path, { end: LARGEST_FILE })) chunks.push(chunk);
  } catch (cause) {
    throw new InvalidConfiguration(`Can't read the configuration ${path}: ${reasonOf(cause)}.`, '', { cause });
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length > LARGEST_FILE) throw new InvalidConfiguration(`The configuration ${path} is larger than 1 MiB.`);
  return bytes;
}

function textOf(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidConfiguration(`The configuration ${path} is no text in UTF-8.`, '', { cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  ENOTDIR: 'a part of the path is no folder',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
