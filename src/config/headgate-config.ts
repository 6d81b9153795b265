import { withOneSpelling } from './expand/aliases.ts';
import { withCamelCaseKeys } from './expand/camel-case.ts';
import { problemsOf, wordsFor } from './expand/describe-issue.ts';
import { type Environment, resolveReferences } from './expand/environment.ts';
import { withEnvironmentDefaults } from './expand/environment-defaults.ts';
import { type DeploymentCheck, expandConfig } from './expand/expand-config.ts';
import { withoutUnneeded } from './expand/needed-only.ts';
import { type Locate, type Problem, pathText, refuse } from './headgate-config-problems.ts';
import { headgateConfigSchema } from './headgate-config-schema.ts';
import type { HeadgateConfig } from './headgate-config-types.ts';
import { validateOptions } from './validate.ts';

export interface ParseConfigOptions {
  /** Variables that `${NAME}`, `env:NAME` and left-out keys are looked up in; default: none. */
  readonly env?: Environment | undefined;
  /** The models that will be used: what only others need may refer to variables that are not set, and is left out. Default: all. */
  readonly only?: readonly string[] | undefined;
  /** What is wrong with a deployment's provider and address, where the caller knows providers; default: nothing. */
  readonly checkDeployment?: DeploymentCheck | undefined;
  /** Where in a file a value stands, for the messages. */
  readonly locate?: Locate | undefined;
}

/**
 * Checks a configuration, in camelCase or snake_case, and resolves it: references to the environment, system B's resources and
 * system C's providers become models with deployments. Pure.
 *
 * @throws InvalidConfiguration with a line for each problem; `path` leads to the first
 */
export function parseHeadgateConfig(value: unknown, options: ParseConfigOptions = {}): HeadgateConfig {
  validateOptions('parseHeadgateConfig', options);
  const { env = {}, locate } = options;
  const stop = (problems: readonly Problem[]): void => {
    if (problems.length > 0) refuse(problems, locate);
  };
  const spelled = withCamelCaseKeys(value);
  stop(spelled.problems);
  const named = withOneSpelling(spelled.value);
  stop(named.problems);
  const references = resolveReferences(named.value, env);
  const needed = withoutUnneeded(references.value, references.missing, options.only);
  const filled = withEnvironmentDefaults(needed.value, env);
  const unset = [...references.malformed, ...needed.problems, ...filled.problems];
  const origins = new Map([...references.origins, ...filled.origins]);
  const checked = headgateConfigSchema.safeParse(filled.value, { error: wordsFor });
  if (!checked.success) return refuse(besides(unset, problemsOf(checked.error.issues, named.value, origins)), locate);
  stop(unset);
  const { config, problems, warnings } = expandConfig(checked.data, options.checkDeployment);
  stop(problems);
  return { ...config, warnings: [...needed.warnings, ...warnings] };
}

/** What is wrong with a variable explains what is wrong with the value that should have come from it. */
function besides(explained: readonly Problem[], problems: readonly Problem[]): Problem[] {
  const paths = new Set(explained.map(({ path }) => pathText(path)));
  return [...explained, ...problems.filter(({ path }) => !paths.has(pathText(path)))];
}
