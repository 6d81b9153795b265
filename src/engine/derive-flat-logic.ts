import type { ActorLogic, AnyActorRef, AnyStateMachine, EventObject, NonReducibleUnknown, Snapshot, StateNode } from 'xstate';

/** Snapshot of a chart that runs as a table: the same data as XState's own, and the same questions to ask it. */
export class FlatSnapshot<TContext, TEvent extends EventObject, TOutput, TValue extends string = string> {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly value: TValue;
  readonly context: TContext;
  readonly output: TOutput | undefined;
  readonly error: unknown;
  readonly #table: Table<TContext, TEvent>;

  constructor(table: Table<TContext, TEvent>, status: FlatStatus, value: TValue, context: TContext, output?: TOutput, error?: unknown) {
    this.#table = table;
    this.status = status;
    this.value = value;
    this.context = context;
    this.output = output;
    this.error = error;
  }

  matches(value: TValue): boolean {
    return this.value === value;
  }

  can(event: TEvent): boolean {
    if (this.status !== 'active') return false;
    try {
      const rule = select(this.#table, this.value, this.context, event);
      // XState's rule: a transition that goes nowhere and does nothing forbids its event.
      return rule !== undefined && (rule.target !== undefined || rule.assigners.length > 0);
    } catch {
      return false;
    }
  }

  hasTag(tag: string): boolean {
    return this.#table.tags[this.value]?.includes(tag) ?? false;
  }

  toJSON(): object {
    return { status: this.status, value: this.value, context: this.context, output: this.output, error: this.error };
  }
}

type FlatStatus = 'active' | 'done' | 'error' | 'stopped';
type Args<C, E> = { readonly context: C; readonly event: E; readonly self: AnyActorRef };
type Assigner<C, E> = (args: Args<C, E>) => Partial<C>;

interface Rule<C, E> {
  readonly target: string | undefined;
  readonly guard: ((args: Args<C, E>) => boolean) | undefined;
  readonly assigners: readonly Assigner<C, E>[];
}

interface Table<C, E> {
  readonly rules: Readonly<Record<string, Readonly<Record<string, readonly Rule<C, E>[]>>>>;
  readonly finals: ReadonlySet<string>;
  readonly tags: Readonly<Record<string, readonly string[]>>;
}

/** Actor logic derived from a flat chart; `config` is the chart's, so that an inspector draws it. */
export type FlatLogic<C, E extends EventObject, I, O, V extends string> = ActorLogic<FlatSnapshot<C, E, O, V> & Snapshot<O>, E, I> & {
  readonly config: unknown;
};

/**
 * Turns a flat chart (guards, assign and root events; no nesting, invoke, delays, entry or exit actions) into
 * actor logic that looks transitions up in a table: a request costs a fraction of what the interpreter takes.
 * Throws when the chart uses anything that a table cannot do; what it returns never throws.
 */
export function deriveFlatLogic<C, E extends EventObject, I extends NonReducibleUnknown, O, V extends string = string>(
  machine: AnyStateMachine,
): FlatLogic<C, E, I, O, V> {
  const root = machine.root;
  const table = tableOf<C, E>(machine);
  const initial = root.initial.target?.[0]?.key;
  if (initial === undefined) throw new Error(`Chart '${machine.id}' has no initial state.`);
  const contextOf = machine.config.context as C | ((args: { input: I }) => C);
  const outputOf = root.output as O | ((args: { context: C; event: E }) => O) | undefined;
  type S = FlatSnapshot<C, E, O, V> & Snapshot<O>;
  // A class with one shape for every status cannot be XState's union of object types; the data are the same.
  const snapshot = (status: FlatStatus, value: string, context: C, output?: O, error?: unknown): S =>
    new FlatSnapshot(table, status, value as V, context, output, error) as S;

  const advance = (from: S, event: E, self: AnyActorRef): S => {
    const rule = select(table, from.value, from.context, event, self);
    if (rule === undefined) return from;
    let context = from.context;
    for (const assign of rule.assigners) context = { ...context, ...assign({ context, event, self }) };
    const value = rule.target ?? from.value;
    if (!table.finals.has(value)) return snapshot('active', value, context);
    const output = typeof outputOf === 'function' ? (outputOf as (args: { context: C; event: E }) => O)({ context, event }) : outputOf;
    return snapshot('done', value, context, output);
  };

  return {
    config: machine.config,
    getInitialSnapshot: (_scope, input) =>
      snapshot('active', initial, typeof contextOf === 'function' ? (contextOf as (args: { input: I }) => C)({ input }) : contextOf),
    transition: (from, event, scope) => {
      if (event.type === 'xstate.stop') return snapshot('stopped', from.value, from.context);
      if (from.status !== 'active') return from;
      try {
        return advance(from, event, scope.self);
      } catch (error) {
        return snapshot('error', from.value, from.context, undefined, error);
      }
    },
    getPersistedSnapshot: (from) => (from as S).toJSON() as Snapshot<unknown>,
    restoreSnapshot: (persisted) => {
      const { status, value, context, output, error } = persisted as S;
      return snapshot(status, value, context, output as O, error);
    },
  };
}

/** XState's rule: the state's own candidates in order, then the root's; the first whose guard passes. */
function select<C, E extends EventObject>(
  table: Table<C, E>,
  value: string,
  context: C,
  event: E,
  self?: AnyActorRef,
): Rule<C, E> | undefined {
  const rules = table.rules[value]?.[event.type];
  if (rules === undefined) return undefined;
  for (const rule of rules) {
    if (rule.guard === undefined || rule.guard({ context, event, self: self as AnyActorRef })) return rule;
  }
  return undefined;
}

function tableOf<C, E extends EventObject>(machine: AnyStateMachine): Table<C, E> {
  const rules: Record<string, Record<string, readonly Rule<C, E>[]>> = {};
  const tags: Record<string, readonly string[]> = {};
  const finals = new Set<string>();
  const rootRules = rulesOf<C, E>(machine, machine.root);
  for (const [key, node] of Object.entries(machine.root.states)) {
    refuse(machine, node, Object.keys(node.states).length > 0, 'nested states');
    refuse(machine, node, node.type === 'history', 'a history');
    if (node.type === 'final') finals.add(key);
    tags[key] = node.tags;
    const own = rulesOf<C, E>(machine, node);
    const all: Record<string, readonly Rule<C, E>[]> = Object.create(null);
    for (const type of new Set([...Object.keys(own), ...Object.keys(rootRules)])) {
      all[type] = [...(own[type] ?? []), ...(rootRules[type] ?? [])];
    }
    rules[key] = all;
  }
  return { rules, finals, tags };
}

function rulesOf<C, E extends EventObject>(machine: AnyStateMachine, node: StateNode): Record<string, Rule<C, E>[]> {
  refuse(machine, node, node.entry.length > 0 || node.exit.length > 0, 'entry or exit actions');
  refuse(machine, node, node.invoke.length > 0, 'invoke');
  refuse(machine, node, (node.always?.length ?? 0) > 0, 'eventless transitions');
  const rules: Record<string, Rule<C, E>[]> = Object.create(null);
  for (const [type, transitions] of node.transitions) {
    refuse(machine, node, type.includes('*') || type.startsWith('xstate.'), `'${type}' transitions`);
    refuse(
      machine,
      node,
      transitions.some(({ target }) => (target?.length ?? 0) > 1),
      `several targets for '${type}'`,
    );
    rules[type] = transitions.map((transition) => ({
      target: transition.target?.[0]?.key,
      guard: guardOf<C, E>(machine, transition.guard),
      assigners: transition.actions.map((action) => assignerOf<C, E>(machine, action)),
    }));
  }
  return rules;
}

function guardOf<C, E>(machine: AnyStateMachine, guard: unknown): ((args: Args<C, E>) => boolean) | undefined {
  if (guard === undefined) return undefined;
  const found = typeof guard === 'string' ? machine.implementations.guards[guard] : guard;
  if (typeof found !== 'function' || 'check' in found)
    throw new Error(`Chart '${machine.id}': a table needs plain guards, not ${String(guard)}.`);
  return found as (args: Args<C, E>) => boolean;
}

function assignerOf<C, E>(machine: AnyStateMachine, action: unknown): Assigner<C, E> {
  const name = typeof action === 'object' && action !== null && 'type' in action ? String(action.type) : String(action);
  const found = typeof action === 'function' ? action : machine.implementations.actions[name];
  const assignment: unknown = typeof found === 'function' && 'assignment' in found ? found.assignment : undefined;
  if (typeof assignment === 'function') return assignment as Assigner<C, E>;
  if (typeof assignment !== 'object' || assignment === null) throw new Error(`Chart '${machine.id}': action '${name}' is not an assign.`);
  const entries = Object.entries(assignment) as [keyof C, unknown][];
  return (args) => {
    const changes: Partial<C> = {};
    for (const [key, value] of entries) changes[key] = (typeof value === 'function' ? value(args) : value) as C[keyof C];
    return changes;
  };
}

function refuse(machine: AnyStateMachine, node: StateNode, present: boolean, what: string): void {
  if (present) throw new Error(`Chart '${machine.id}' cannot run as a table: '${node.key}' has ${what}.`);
}
