import { textOf } from '../domain/errors.ts';
import { normaliseBaseUrl } from './base-url.ts';
import { findPreset } from './preset-registry.ts';

/** What is wrong with a deployment's provider or base URL, in a sentence; undefined where both are right. */
export function deploymentProblem({ provider, baseUrl }: { provider: string; baseUrl?: string | undefined }): string | undefined {
  try {
    normaliseBaseUrl(findPreset(provider), baseUrl);
    return undefined;
  } catch (error) {
    return textOf(error);
  }
}
