/** What stands for all those that came once a label had as many values as it may have. */
export const OTHER = 'other';

/** The values that a label may have: every one costs memory here and at whoever scrapes, for ever. */
export class LabelValues {
  readonly #most: number;
  readonly #known = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  of(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#most) return OTHER;
    this.#known.add(value);
    return value;
  }
}
