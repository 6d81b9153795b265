/** Later work that a row may wait for. */
export type Later = 'several machines' | 'dashboard';

/** What shows that something is there: a file, and in a test file the name of the test. */
export type Evidence = readonly [path: string, testName?: string];

/** One capability or one point of the systems that Headgate replaces. */
export interface SeedRow {
  readonly id: string;
  /** In our own words. */
  readonly what: string;
  readonly shown?: readonly Evidence[];
  /** What the rest of it waits for; with `shown`: a part is there. */
  readonly waits?: Later;
  /** Where we differ on purpose. */
  readonly note?: string;
}

export interface SeedPart {
  readonly title: string;
  readonly about: string;
  /** Everything in it is promised now, so that no row may wait as a whole. */
  readonly inScope: (row: SeedRow) => boolean;
  readonly rows: readonly SeedRow[];
}
