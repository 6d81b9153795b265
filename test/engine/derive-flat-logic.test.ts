import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, assign, createActor, type EventObject, fromPromise, setup } from 'xstate';
import { type RequestEvent, requestMachine } from '../../machines/index.ts';
import { deriveFlatLogic } from '../../src/engine/derive-flat-logic.ts';

interface AnySnapshot {
  readonly status: string;
  readonly value: unknown;
  readonly context: unknown;
  readonly output: unknown;
  readonly error: unknown;
  can(event: EventObject): boolean;
  matches(value: string): boolean;
  hasTag(tag: string): boolean;
}

/** What both interpreters must agree on. A stopped or finished chart can do nothing, whatever XState's `can` says. */
function seen(snapshot: AnySnapshot, events: readonly EventObject[], states: readonly string[], tags: readonly string[]): object {
  const { status, value, context, output, error } = snapshot;
  return {
    ...{ status, value, context, output, error },
    can: status === 'active' ? events.map((event) => snapshot.can(event)) : [],
    matches: states.map((state) => snapshot.matches(state)),
    tags: tags.map((tag) => snapshot.hasTag(tag)),
  };
}

interface Subject {
  readonly machine: AnyStateMachine;
  readonly input: unknown;
  readonly events: readonly EventObject[];
  readonly tags: readonly string[];
}

function expectEqualRuns({ machine, input, events, tags }: Subject, order: readonly number[]): void {
  const states = Object.keys(machine.states);
  const options = { input } as object;
  const logic = deriveFlatLogic<object, EventObject, object, unknown>(machine);
  const theirs = createActor(machine, options).start();
  const ours = createActor(logic, options as never).start();
  const look = () => [ours, theirs].map((actor) => seen(actor.getSnapshot() as AnySnapshot, events, states, tags));
  const [first, expected] = look();
  expect(first).toEqual(expected);
  for (const index of order) {
    const event = events[index] as EventObject;
    // XState warns of every event to a finished actor.
    if (theirs.getSnapshot().status !== 'active') break;
    theirs.send(event);
    ours.send(event);
    const [now, then] = look();
    expect(now).toEqual(then);
  }
  for (const actor of [ours, theirs]) actor.stop();
  expect((ours.getSnapshot() as AnySnapshot).status).toBe((theirs.getSnapshot() as AnySnapshot).status);
}

const REQUEST_EVENTS: readonly RequestEvent[] = [
  { type: 'ADMITTED', attempt: 1 },
  { type: 'ADMITTED', attempt: 2 },
  { type: 'RESPONSE_STARTED' },
  { type: 'REFUSED' },
  { type: 'RETRY_SCHEDULED' },
  { type: 'BACKOFF_ELAPSED' },
  { type: 'COMPLETED' },
  { type: 'FAILED', reason: 'cancelled', code: 'cancelled' },
  { type: 'FAILED', reason: 'error', code: 'processing_error' },
];

const REQUEST_INPUT = {
  requestId: 'r',
  modelId: 'm',
  tenant: '',
  priority: 0,
  createdAt: 1,
  estimatedInputTokens: 1,
  estimatedOutputTokens: 1,
  phase: 'queued',
  attempt: 0,
};

interface Door {
  readonly knocks: number;
  readonly seen: readonly string[];
}

type DoorEvent =
  | { type: 'KNOCK'; loud: boolean }
  | { type: 'OPEN' }
  | { type: 'CLOSE' }
  | { type: 'RESET' }
  | { type: 'BREAK'; how: string }
  | { type: 'UNKNOWN' };

const doorSetup = setup({
  types: { context: {} as Door, events: {} as DoorEvent, input: {} as { knocks: number }, output: {} as { knocks: number } },
});

/** Guards in order, several actions, functions and values in an assign, self transitions, forbidden and root events, tags. */
const doorMachine = doorSetup
  .extend({
    guards: {
      knockedTwice: ({ context }) => context.knocks >= 2,
      loud: ({ event }) => event.type === 'KNOCK' && event.loud,
    },
    actions: {
      count: doorSetup.assign({ knocks: ({ context }) => context.knocks + 1 }),
      note: doorSetup.assign(({ context, event }) => ({ seen: [...context.seen, event.type].slice(-3) })),
      forget: doorSetup.assign({ knocks: 0, seen: [] }),
    },
  })
  .createMachine({
    id: 'door',
    initial: 'closed',
    context: ({ input }) => ({ knocks: input.knocks, seen: [] }),
    output: ({ context }) => ({ knocks: context.knocks }),
    states: {
      closed: {
        tags: ['shut'],
        on: {
          KNOCK: [
            { guard: 'knockedTwice', target: 'open', actions: ['note'] },
            { guard: 'loud', actions: ['count', 'note'] },
            { target: 'closed', actions: 'note' },
          ],
          OPEN: { guard: 'knockedTwice', target: 'open' },
        },
      },
      open: { tags: ['passable'], on: { CLOSE: { target: 'closed', actions: ['forget'] }, RESET: undefined, OPEN: { target: 'open' } } },
      stuck: { on: { RESET: { guard: 'knockedTwice', target: 'open' } } },
      broken: { type: 'final', tags: ['shut'] },
    },
    on: {
      RESET: { target: '.closed', actions: 'forget' },
      BREAK: [
        { guard: ({ event }) => event.type === 'BREAK' && event.how === 'badly', target: '.broken' },
        { target: '.stuck', actions: 'note' },
      ],
    },
  });

const DOOR_EVENTS: readonly DoorEvent[] = [
  { type: 'KNOCK', loud: true },
  { type: 'KNOCK', loud: false },
  { type: 'OPEN' },
  { type: 'CLOSE' },
  { type: 'RESET' },
  { type: 'BREAK', how: 'a little' },
  { type: 'BREAK', how: 'badly' },
  { type: 'UNKNOWN' },
];

describe('deriveFlatLogic', () => {
  it.each<[string, Subject]>([
    ['the request chart', { machine: requestMachine, input: REQUEST_INPUT, events: REQUEST_EVENTS, tags: ['none'] }],
    [
      'a chart with guards, root and forbidden events',
      { machine: doorMachine, input: { knocks: 1 }, events: DOOR_EVENTS, tags: ['shut', 'passable', 'none'] },
    ],
  ])('runs %s as XState does', (_what, subject) => {
    const orders = fc.array(fc.nat({ max: subject.events.length - 1 }), { maxLength: 25 });
    fc.assert(
      fc.property(orders, (order) => expectEqualRuns(subject, order)),
      { numRuns: 1_000, seed: 7 },
    );
  });

  const logic = deriveFlatLogic<Door, DoorEvent, { knocks: number }, { knocks: number }>(doorMachine);

  it('keeps its data as own data of the snapshot, and writes it as JSON', () => {
    const actor = createActor(logic, { input: { knocks: 2 } }).start();
    expect(Object.keys(actor.getSnapshot()).sort()).toEqual(['context', 'error', 'output', 'status', 'value']);
    expect(JSON.parse(JSON.stringify(actor.getSnapshot()))).toEqual({
      status: 'active',
      value: 'closed',
      context: { knocks: 2, seen: [] },
    });
    expect(logic.config).toBe(doorMachine.config);
  });

  it('persists and restores', () => {
    const actor = createActor(logic, { input: { knocks: 2 } }).start();
    actor.send({ type: 'KNOCK', loud: true });
    const persisted = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
    const restored = createActor(logic, { snapshot: persisted, input: { knocks: 0 } }).start();
    expect(restored.getSnapshot()).toMatchObject({ value: 'open', context: { knocks: 2, seen: ['KNOCK'] } });
    restored.send({ type: 'CLOSE' });
    expect(restored.getSnapshot().value).toBe('closed');
  });

  it('xstate.stop stops it and keeps where it was', () => {
    const actor = createActor(logic, { input: { knocks: 2 } }).start();
    actor.send({ type: 'OPEN' });
    actor.stop();
    expect(actor.getSnapshot()).toMatchObject({ status: 'stopped', value: 'open' });
    expect(actor.getSnapshot().can({ type: 'CLOSE' })).toBe(false);
  });

  it('never throws: what a guard or an assign throws becomes the snapshot’s error', () => {
    const failing = setup({ types: { context: {} as object, events: {} as { type: 'GUARD' | 'ASSIGN' } } }).createMachine({
      id: 'failing',
      initial: 'a',
      context: {},
      states: {
        a: {
          on: {
            GUARD: {
              guard: () => {
                throw new Error('guard');
              },
              target: 'a',
            },
            ASSIGN: {
              actions: assign(() => {
                throw new Error('assign');
              }),
            },
          },
        },
      },
    });
    const derived = deriveFlatLogic<object, { type: 'GUARD' | 'ASSIGN' }, object, unknown>(failing);
    const at = derived.getInitialSnapshot({} as never, {});
    expect(at.can({ type: 'GUARD' })).toBe(false);
    for (const [type, message] of [
      ['GUARD', 'guard'],
      ['ASSIGN', 'assign'],
    ] as const) {
      const after = derived.transition(at, { type }, { self: undefined } as never);
      expect(after).toMatchObject({ status: 'error', value: 'a', error: { message } });
      expect(derived.transition(after, { type }, {} as never)).toBe(after);
    }
  });

  it('an event named like something that every object has is an event like any other', () => {
    const odd = setup({}).createMachine({
      initial: 'a',
      states: { a: {}, b: { on: { toString: 'a' } } },
      on: { constructor: '.b', __proto__: { target: '.a' } },
    });
    const derived = deriveFlatLogic<object, EventObject, object, unknown>(odd);
    const at = derived.getInitialSnapshot({} as never, {});
    expect(at.can({ type: 'toString' })).toBe(false);
    expect(derived.transition(at, { type: 'hasOwnProperty' }, {} as never)).toBe(at);
    expect(derived.transition(at, { type: 'constructor' }, {} as never).value).toBe('b');
  });

  const plain = setup({ actors: { work: fromPromise(async () => 1) }, actions: { effect: () => {} }, delays: { soon: 5 } });
  it.each<[string, AnyStateMachine, string]>([
    ['nested states', plain.createMachine({ initial: 'a', states: { a: { initial: 'b', states: { b: {} } } } }), 'nested states'],
    ['parallel states', plain.createMachine({ type: 'parallel', states: { a: {}, b: {} } }), 'no initial state'],
    ['an invoke', plain.createMachine({ initial: 'a', states: { a: { invoke: { src: 'work' } } } }), 'invoke'],
    ['an invoke at its root', plain.createMachine({ initial: 'a', invoke: { src: 'work' }, states: { a: {} } }), 'invoke'],
    ['a delay', plain.createMachine({ initial: 'a', states: { a: { after: { soon: 'b' } }, b: {} } }), ''],
    ['entry actions', plain.createMachine({ initial: 'a', states: { a: { entry: 'effect' } } }), 'entry or exit'],
    ['exit actions', plain.createMachine({ initial: 'a', states: { a: { exit: 'effect' } } }), 'entry or exit'],
    ['eventless transitions', plain.createMachine({ initial: 'a', states: { a: { always: 'b' }, b: {} } }), 'eventless'],
    ['a wildcard', plain.createMachine({ initial: 'a', states: { a: { on: { '*': 'b' } }, b: {} } }), "'*'"],
    ['an effect', plain.createMachine({ initial: 'a', states: { a: { on: { GO: { actions: 'effect' } } } } }), "'effect' is not an assign"],
    [
      'a guard nobody gave',
      plain.createMachine({ initial: 'a', states: { a: { on: { GO: { guard: 'missing' as never, target: 'a' } } } } }),
      'missing',
    ],
    ['several targets', plain.createMachine({ initial: 'a', states: { a: { on: { GO: { target: ['a', 'b'] as never } } }, b: {} } }), ''],
    ['a history', plain.createMachine({ initial: 'a', states: { a: {}, h: { type: 'history' } } }), 'history'],
    ['no states', plain.createMachine({}), 'no initial state'],
  ])('refuses a chart with %s', (_what, machine, says) => {
    expect(() => deriveFlatLogic(machine)).toThrow(says);
  });
});
