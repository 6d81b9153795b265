import { type HeapItem, PriorityHeap } from '../lib/priority-heap.ts';
import { type LineEntry, WaitingLine } from './waiting-line.ts';

/** What the order needs to know of a request that waits; its key is from {@link orderKey}. */
export interface QueueEntry extends LineEntry {
  readonly tenant: string;
}

interface Tenant<T> extends HeapItem {
  readonly name: string;
  weight: number;
  /** Tokens served ÷ weight: the smallest is next. */
  pass: number;
  readonly waiting: WaitingLine<T & QueueEntry>;
}

/** Order of one request: waiting counts for all alike, so a constant is enough and nothing is ever re-sorted. */
export function orderKey(enqueuedAt: number, priority: number, priorityStepMs: number): number {
  return enqueuedAt - priority * priorityStepMs;
}

/**
 * The requests that wait for one model. Between tenants: start-time fair queueing by tokens, so priority never
 * crosses tenants. Inside one: the smallest key, first in first out among equals.
 */
export class FairQueue<T extends QueueEntry> {
  readonly #tenants = new Map<string, Tenant<T>>();
  readonly #backlogged = new PriorityHeap<Tenant<T>>((a, b) => a.pass < b.pass || (a.pass === b.pass && headBefore(a, b)));
  readonly #weightOf: (tenant: string) => number;
  /** The pass last dispatched: a tenant that comes back starts from here, not from what it did not use. */
  #served = 0;
  #size = 0;

  /** @param weightOf share of a tenant relative to others; asked whenever it becomes backlogged */
  constructor(weightOf: (tenant: string) => number) {
    this.#weightOf = weightOf;
  }

  get size(): number {
    return this.#size;
  }

  /** How many tenants have something waiting. */
  get backloggedTenants(): number {
    return this.#backlogged.size;
  }

  push(entry: T): void {
    const tenant = this.#tenants.get(entry.tenant) ?? this.#create(entry.tenant);
    if (tenant.waiting.size === 0) {
      tenant.weight = this.#weightOf(tenant.name);
      tenant.pass = Math.max(tenant.pass, this.#served);
      tenant.waiting.push(entry);
      this.#backlogged.push(tenant);
    } else {
      tenant.waiting.push(entry);
      if (tenant.waiting.peek() === entry) this.#backlogged.update(tenant);
    }
    this.#size++;
  }

  has(entry: T): boolean {
    return this.#tenants.get(entry.tenant)?.waiting.waits(entry) ?? false;
  }

  /** Takes an entry out; false if it does not wait here. */
  remove(entry: T): boolean {
    const tenant = this.#tenants.get(entry.tenant);
    if (tenant === undefined || !tenant.waiting.remove(entry)) return false;
    this.#size--;
    if (tenant.waiting.size > 0) {
      this.#backlogged.update(tenant);
    } else {
      this.#backlogged.remove(tenant);
      if (tenant.pass <= this.#served) this.#tenants.delete(tenant.name);
    }
    return true;
  }

  /** Moves a waiting entry to a new key. */
  rekey(entry: T, key: number): void {
    if (!this.remove(entry)) return;
    entry.key = key;
    this.push(entry);
  }

  head(): T | undefined {
    return this.#backlogged.peek()?.waiting.peek();
  }

  /** Up to `count` entries in the order they would be tried: tenants by pass, each one's first ones in turn. */
  first(count: number): T[] {
    const tenants = this.#backlogged.first(count);
    const each = Math.ceil(count / Math.max(1, tenants.length));
    const columns = tenants.map((tenant) => tenant.waiting.first(each));
    const found: T[] = [];
    for (let row = 0; row < each; row++) {
      for (const column of columns) {
        const entry = column[row];
        if (entry !== undefined && found.length < count) found.push(entry);
      }
    }
    return found;
  }

  /** Takes out an entry that starts now and charges its tenant. */
  dispatch(entry: T, cost: number): void {
    const tenant = this.#tenants.get(entry.tenant);
    if (tenant === undefined) return;
    this.#served = Math.max(this.#served, tenant.pass);
    tenant.pass += cost / tenant.weight;
    this.remove(entry);
  }

  /** Corrects what a tenant was charged: after settling, or with −cost after a refusal. */
  correct(tenantName: string, delta: number): void {
    const tenant = this.#tenants.get(tenantName);
    if (tenant === undefined || delta === 0) return;
    tenant.pass += delta / tenant.weight;
    if (tenant.waiting.size > 0) this.#backlogged.update(tenant);
    else if (tenant.pass <= this.#served) this.#tenants.delete(tenantName);
  }

  /** Every waiting entry, in no particular order. */
  *values(): IterableIterator<T> {
    for (const tenant of this.#backlogged.values()) yield* tenant.waiting.values();
  }

  #create(name: string): Tenant<T> {
    this.#forgetServed();
    const tenant: Tenant<T> = { name, weight: 1, pass: 0, waiting: new WaitingLine<T>(), heapIndex: -1 };
    this.#tenants.set(name, tenant);
    return tenant;
  }

  /** Drops idle tenants whose debt is paid, so that memory follows the live ones. */
  #forgetServed(): void {
    if (this.#tenants.size < 2 * this.#backlogged.size + 64) return;
    for (const [name, tenant] of this.#tenants) {
      if (tenant.waiting.size === 0 && tenant.pass <= this.#served) this.#tenants.delete(name);
    }
  }
}

function headBefore<T extends QueueEntry>(a: Tenant<T>, b: Tenant<T>): boolean {
  const first = a.waiting.peek();
  const second = b.waiting.peek();
  if (first === undefined || second === undefined) return first !== undefined;
  return first.key < second.key || (first.key === second.key && first.seq < second.seq);
}
