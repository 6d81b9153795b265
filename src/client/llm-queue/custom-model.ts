import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidConfiguration, textOf } from '../../domain/errors.ts';
import { requireObject } from '../check-input.ts';
import type { ChosenLlm } from './chosen-llm.ts';

/**
 * Imports what a custom model's `modulePath` exports as `exportName` (default `default`). A path that begins with `.` or `/`
 * is relative to `folder`; anything else is the name of a package. Throws `InvalidConfiguration` where it isn't there.
 * @param folder default: the process's working folder
 */
export async function loadCustomModel(chosen: ChosenLlm, folder = process.cwd()): Promise<unknown> {
  requireObject('chosen', chosen, 'a deployment that an executor was given');
  const { uniqueModelId, modulePath, exportName = 'default' } = chosen;
  if (modulePath === undefined)
    throw new InvalidConfiguration(`Model '${uniqueModelId}' names no module: it is no custom model.`, 'modulePath');
  const loaded = await importModule(modulePath, folder, uniqueModelId);
  if (exportName in loaded) return loaded[exportName];
  const known = Object.keys(loaded).join(', ') || 'nothing';
  throw new InvalidConfiguration(
    `Custom model '${uniqueModelId}': '${modulePath}' exports ${known}, but no '${exportName}'.`,
    'exportName',
  );
}

async function importModule(modulePath: string, folder: string, uniqueModelId: string): Promise<Record<string, unknown>> {
  const specifier = /^(\.|\/|[a-zA-Z]:[\\/])/.test(modulePath) ? pathToFileURL(resolve(folder, modulePath)).href : modulePath;
  try {
    return await import(specifier);
  } catch (cause) {
    const message = `Custom model '${uniqueModelId}': '${modulePath}' cannot be imported: ${textOf(cause)}`;
    throw new InvalidConfiguration(message, 'modulePath', { cause });
  }
}
