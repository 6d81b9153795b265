import { digestId, type IdDigest } from './id-digest.ts';

const FIRST_CAPACITY = 1024;
const FULLEST = 0.7;

/**
 * A set of ids that remembers for each the number of a line, and no id itself: open addressing over typed arrays,
 * 12 bytes a place, so that a million ids take 25 MB.
 */
export class IdSet {
  readonly #digest: IdDigest = { high: 0, low: 0 };
  #capacity = FIRST_CAPACITY;
  /** High and low half of each place's digest. */
  #digests = new Uint32Array(2 * FIRST_CAPACITY);
  /** 0: the place is empty. */
  #lines = new Uint32Array(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes that its tables take. */
  get bytes(): number {
    return this.#digests.byteLength + this.#lines.byteLength;
  }

  /**
   * Adds an id that stands on `line` (from 1). Returns the line of the same id where it is known already, and
   * undefined where it is new.
   */
  add(id: string, line: number): number | undefined {
    if (this.#size >= this.#capacity * FULLEST) this.#grow();
    digestId(id, this.#digest);
    const place = this.#find(this.#digest.high, this.#digest.low);
    const known = this.#lines[place];
    if (known) return known;
    this.#put(place, this.#digest.high, this.#digest.low, line);
    this.#size += 1;
    return undefined;
  }

  has(id: string): boolean {
    digestId(id, this.#digest);
    return this.#lines[this.#find(this.#digest.high, this.#digest.low)] !== 0;
  }

  /** The place of a digest, or the empty one where it would go. */
  #find(high: number, low: number): number {
    const mask = this.#capacity - 1;
    let place = low & mask;
    while (this.#lines[place] !== 0 && (this.#digests[2 * place] !== high || this.#digests[2 * place + 1] !== low))
      place = (place + 1) & mask;
    return place;
  }

  #put(place: number, high: number, low: number, line: number): void {
    this.#digests[2 * place] = high;
    this.#digests[2 * place + 1] = low;
    this.#lines[place] = line;
  }

  #grow(): void {
    const digests = this.#digests;
    const lines = this.#lines;
    this.#capacity *= 2;
    this.#digests = new Uint32Array(2 * this.#capacity);
    this.#lines = new Uint32Array(this.#capacity);
    for (const [place, line] of lines.entries()) {
      if (line === 0) continue;
      const high = digests[2 * place] ?? 0;
      const low = digests[2 * place + 1] ?? 0;
      this.#put(this.#find(high, low), high, low, line);
    }
  }
}
