/** Keeps one text: what a gateway's limits had counted when it was written. Its methods reject where it is down. */
export interface UsageStore {
  /** The text that was written last; undefined: none ever was. */
  load(): Promise<string | undefined>;
  save(text: string): Promise<void>;
}
