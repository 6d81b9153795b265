/** What went through one deployment in a run. */
export interface DeploymentUse {
  readonly id: string;
  readonly provider: string;
  /** Calls that were written to the wire, refused ones included. */
  readonly calls: number;
  readonly completed: number;
  readonly refusals: number;
  /** Calls that failed otherwise, whether they were tried again or not. */
  readonly failures: number;
  /** As answers report them, input and output together. */
  readonly tokens: number;
  /** Part of all completed calls, 0 to 1. */
  readonly share: number;
}
