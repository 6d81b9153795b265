/** Nothing was or will be counted for a hold in this state. */
export const RELEASED = 2;
/** The provider has counted it; it stands in the limiter's meters. */
export const COUNTED = 1;
/** The provider may or may not have counted it yet. */
export const IN_FLIGHT = 0;

export type HoldState = typeof IN_FLIGHT | typeof COUNTED | typeof RELEASED;

/** One attempt's place in one limiter. A class of few plain fields: three are made for every call. */
export class Hold {
  cost: number;
  state: HoldState = IN_FLIGHT;
  /** When the provider has counted it at the latest; Infinity: only the attempt itself can tell. */
  dueAt = Number.POSITIVE_INFINITY;
  /** The entry that stands for it in the limiter's first meter, once counted; -1 before. */
  entry = -1;
  /** Its entry in the meter of the sub-window, where there is one. */
  subEntry = -1;

  constructor(cost: number) {
    this.cost = cost;
  }
}
