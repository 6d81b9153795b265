/**
 * Values by string key, for tables whose entries come and go all the time. A `Map` chains its outgrown tables: once
 * one of them is old, everything that later tables ever held survives until a full garbage collection, which
 * halves an engine's throughput. A dictionary object has no such chain.
 */
export class StringTable<V> {
  #values: Record<string, V | undefined> = Object.create(null);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    return this.#values[key];
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined;
  }

  set(key: string, value: V): void {
    if (this.#values[key] === undefined) this.#size++;
    this.#values[key] = value;
  }

  delete(key: string): boolean {
    if (this.#values[key] === undefined) return false;
    delete this.#values[key];
    this.#size--;
    return true;
  }

  clear(): void {
    this.#values = Object.create(null);
    this.#size = 0;
  }

  values(): V[] {
    return Object.values(this.#values) as V[];
  }
}
