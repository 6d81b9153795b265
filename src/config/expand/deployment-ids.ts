import type { CheckedConfig } from '../headgate-config-schema.ts';

/** Gives deployments without an id one: `<provider>-<n>`, unique in the file. */
export class DeploymentIds {
  readonly #taken: Set<string>;
  readonly #last = new Map<string, number>();

  constructor({ models }: Pick<CheckedConfig, 'models'>) {
    const given = Object.values(models).flatMap(({ deployments = [] }) => deployments.flatMap(({ id }) => id ?? []));
    this.#taken = new Set(given);
  }

  next(prefix: string): string {
    let number = this.#last.get(prefix) ?? 0;
    let id: string;
    do {
      number += 1;
      id = `${prefix}-${number}`;
    } while (this.#taken.has(id));
    this.#last.set(prefix, number);
    this.#taken.add(id);
    return id;
  }
}
