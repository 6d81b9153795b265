/** A map that forgets the key that was asked for longest ago once it holds more than it may. */
export class RecentKeys<V> {
  readonly #most: number;
  readonly #values = new Map<string, V>();
  /** The key that was asked for last: mostly it is asked for again, and has its place already. */
  #last: string | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    const value = this.#values.get(key);
    if (value === undefined || key === this.#last) return value;
    this.#last = key;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#last = key;
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#most) return;
    const [oldest] = this.#values.keys();
    if (oldest !== undefined) this.#values.delete(oldest);
  }
}
