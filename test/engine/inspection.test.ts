import { createInspector, type StatelyInspectionEvent } from '@statelyai/inspect';
import { describe, expect, it } from 'vitest';
import type { InspectionEvent } from 'xstate';
import { engineMachine } from '../../machines/engine-machine.ts';
import { limiterMachine } from '../../machines/limiter-machine.ts';
import { modelSchedulerMachine } from '../../machines/model-scheduler-machine.ts';
import { quotaDomainMachine } from '../../machines/quota-domain-machine.ts';
import { requestMachine } from '../../machines/request-machine.ts';
import { type InspectionObserver, LLMQueueException, QueueManager, type QueueRequest, RateLimitRefused } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const KEY = 'sk-live-MARKER-KEY';
const PROMPT = 'MARKER-PROMPT tell nobody';
const COMPLETION = 'MARKER-COMPLETION';
const ANY_MARKER = /MARKER/i;

interface Scene {
  readonly manager: QueueManager<string, unknown>;
  readonly clock: VirtualClock;
  readonly events: InspectionEvent[];
  /** Lets everything settle. */
  finish(): Promise<void>;
}

function scene(options: { observer?: InspectionObserver; perSecond?: number; logger?: { lines: unknown[][] } } = {}): Scene {
  const clock = new VirtualClock();
  const events: InspectionEvent[] = [];
  const log = (...line: unknown[]): void => void options.logger?.lines.push(line);
  const manager = new QueueManager<string, unknown>({
    clock,
    inspect: options.observer ?? ((event) => events.push(event)),
    ...(options.perSecond !== undefined && { inspectRequestsPerSecond: options.perSecond }),
    logger: { debug: log, info: log, warn: log, error: log },
  });
  const shared = { type: 'tpm' as const, limit: 10_000, domain: 'organisation' };
  for (const modelId of ['model-a', 'model-b']) {
    manager.registerQueue(
      { modelId, rateLimiters: [{ type: 'rpm', limit: 10, timePeriod: 1 }, shared], retry: { maxAttempts: 2, baseDelayMs: 10 } },
      processor(new Set()),
    );
  }
  const finish = async (): Promise<void> => {
    const stopped = manager.shutdownAll();
    await clock.advance(120_000);
    await stopped;
  };
  return { manager, clock, events, finish };
}

/** Puts a marker into everything a processor can hand to the engine. */
function processor(seen: Set<string>) {
  return async (request: QueueRequest<string>, context: { responseStarted(headers?: unknown): void; reportUsage(usage: object): void }) => {
    const isFirst = !seen.has(request.id);
    seen.add(request.id);
    context.responseStarted({ authorization: KEY, 'x-echo': PROMPT });
    if (request.id.startsWith('broken')) throw new Error(`400: ${PROMPT} with ${KEY}`, { cause: { body: COMPLETION } });
    if (request.id.startsWith('coded')) throw new LLMQueueException(PROMPT, KEY, false, { cause: COMPLETION });
    if (request.id.startsWith('text')) throw COMPLETION;
    if (request.id.startsWith('flaky') && isFirst) throw Object.assign(new Error(PROMPT), { status: 503, code: KEY });
    if (request.id.startsWith('refused') && isFirst) {
      throw new RateLimitRefused({ message: PROMPT, cause: KEY, retryAfterMs: 20, limitType: 'rpm' });
    }
    return { text: COMPLETION, usage: { prompt_tokens: 3, completion_tokens: 4 } };
  };
}

function submitAllKinds(manager: QueueManager<string, unknown>): Promise<unknown[]> {
  const secrets = { params: PROMPT, metadata: { apiKey: KEY, prompt: PROMPT } };
  const handles = ['fine', 'broken', 'coded', 'text', 'flaky', 'refused'].map((id) =>
    manager.submit({ modelId: 'model-a', id, ...secrets }),
  );
  const gone = manager.submit({ modelId: 'model-b', id: 'gone', ...secrets });
  gone.cancel(new Error(KEY));
  handles.push(
    gone,
    manager.submit({ modelId: 'model-b', id: 'huge', ...secrets, estimatedInputTokens: 20_000 }),
    manager.submit({ modelId: 'model-b', id: 'shared', ...secrets, dedupeKey: PROMPT }),
    manager.submit({ modelId: 'model-b', id: 'joined', ...secrets, dedupeKey: PROMPT }),
  );
  return Promise.all(handles.map((handle) => handle.response));
}

/** Every actor of ours has an id and logic; XState's type of an inspected actor promises neither. */
function inspected({ actorRef }: InspectionEvent) {
  return actorRef as unknown as { readonly id: string; readonly logic: { readonly config?: unknown } };
}

function idOf(event: InspectionEvent): string {
  return inspected(event).id;
}

/** What a recording observer could write: all of an event, with actors as their id, definition and snapshot. */
function serialise(event: InspectionEvent): string {
  const definition = inspected(event).logic.config;
  const actor = { id: idOf(event), definition, now: event.actorRef.getSnapshot() };
  return JSON.stringify({ ...event, actorRef: actor }, (key, value) => (key === 'sourceRef' ? value?.id : value));
}

function definitionsById(events: readonly InspectionEvent[]): Map<string, unknown> {
  const made = events.filter(({ type }) => type === '@xstate.actor');
  return new Map(made.map((event) => [idOf(event), inspected(event).logic.config]));
}

function statesOf(events: readonly InspectionEvent[], id: string): unknown[] {
  const values = events.flatMap((event) =>
    event.type === '@xstate.snapshot' && idOf(event) === id ? [Reflect.get(event.snapshot, 'value')] : [],
  );
  return values.filter((value, index) => value !== values[index - 1]);
}

describe('inspection', () => {
  it('shows engine, scheduler, limiters, domain, supervisor and requests with their definitions in one stream', async () => {
    const { manager, clock, events, finish } = scene();
    const handle = manager.submit({ modelId: 'model-a', id: 'r1', params: PROMPT });
    await clock.settle();
    await handle.response;
    await finish();

    const definitions = definitionsById(events);
    expect([...definitions.values()]).toContain(engineMachine.config);
    expect(definitions.get('model:model-a')).toBe(modelSchedulerMachine.config);
    expect(definitions.get('domain:organisation')).toBe(quotaDomainMachine.config);
    expect(definitions.get('r1')).toBe(requestMachine.config);
    expect(definitions.get('requests')).toMatchObject({ id: 'supervisor' });
    const limiters = [...definitions].filter(([, config]) => config === limiterMachine.config).map(([id]) => id);
    expect(limiters.sort()).toEqual(['model-a/rpm/1s', 'model-b/rpm/1s', 'organisation/tpm']);
    expect(new Set(events.map(({ rootId }) => rootId)).size).toBe(1);
  });

  it('shows their live states', async () => {
    const { manager, clock, events, finish } = scene({ perSecond: 100 });
    const engine = manager.actor.id;
    for (let index = 0; index < 11; index++) manager.submit({ modelId: 'model-a', id: `r${index}`, params: PROMPT });
    await clock.advance(500);
    expect(statesOf(events, 'model-a/rpm/1s')).toEqual(['open', 'exhausted']);
    expect(statesOf(events, 'r10')).toEqual(['pending']);
    const sampled = events.findLast((event) => event.type === '@xstate.snapshot' && idOf(event) === 'model-a/rpm/1s');
    expect(sampled).toMatchObject({ snapshot: { context: { usage: 10, limit: 10 } } });
    await clock.advance(1_000);
    expect(statesOf(events, 'model-a/rpm/1s')).toEqual(['open', 'exhausted', 'open']);

    manager.submit({ modelId: 'model-b', id: 'refused', params: PROMPT });
    await clock.advance(100);
    manager.pauseQueue('model-b');
    await finish();
    expect(statesOf(events, 'r10')).toEqual(['pending', 'processing', 'completed']);
    expect(statesOf(events, 'refused')).toEqual(['pending', 'processing', 'pending', 'processing', 'completed']);
    expect(statesOf(events, 'model-b/rpm/1s').slice(0, 3)).toEqual(['open', 'paused', 'open']);
    expect(statesOf(events, 'model:model-b')).toEqual(['accepting', 'paused', 'draining', 'stopped']);
    expect(statesOf(events, engine)).toEqual(['starting', 'running', 'draining', 'stopped']);
  });

  it('carries no prompt, no completion and no key, whatever happens to the requests', async () => {
    const { manager, clock, events, finish } = scene({ perSecond: 100 });
    const responses = submitAllKinds(manager);
    await clock.advance(10_000);
    await finish();
    // The markers are there to be found: in what callers get.
    for (const marker of [PROMPT, KEY, COMPLETION]) expect(JSON.stringify(await responses)).toContain(marker);
    const ids = [...definitionsById(events).keys()];
    expect(ids).toEqual(
      expect.arrayContaining(['fine', 'broken', 'coded', 'text', 'flaky', 'refused', 'huge', 'shared', 'joined', 'gone']),
    );
    const stream = events.map(serialise);
    expect(stream.some((line) => line.includes('"estimatedInputTokens"'))).toBe(true);
    expect(stream.filter((line) => ANY_MARKER.test(line))).toEqual([]);
  });

  it.each([0, 3])('shows %i requests of a second and no trace of the others', async (perSecond) => {
    const { manager, clock, events, finish } = scene({ perSecond });
    for (let index = 0; index < 9; index++) manager.submit({ modelId: 'model-a', id: `early${index}`, params: PROMPT });
    await clock.advance(1_000);
    for (let index = 0; index < 9; index++) manager.submit({ modelId: 'model-a', id: `late${index}`, params: PROMPT });
    await clock.advance(1_000);
    await finish();
    const shown = [...definitionsById(events).keys()].filter((id) => /^(early|late)/.test(id));
    const expected = ['early', 'late'].flatMap((name) => Array.from({ length: perSecond }, (_, index) => `${name}${index}`));
    expect(shown).toEqual(expected);
    const named = new Set(events.flatMap((event) => serialise(event).match(/(?:early|late)\d/g) ?? []));
    expect([...named].sort()).toEqual(expected);
  });

  it('shows ten requests of a second by default', async () => {
    const { manager, events, finish } = scene();
    for (let index = 0; index < 30; index++) manager.submit({ modelId: 'model-a', id: `r${index}`, params: PROMPT });
    await finish();
    expect([...definitionsById(events).keys()].filter((id) => /^r\d/.test(id))).toHaveLength(10);
  });

  it('is not harmed by an observer that throws, and logs that it did without what it said', async () => {
    const logger = { lines: [] as unknown[][] };
    const observer = (): never => {
      throw new Error(PROMPT);
    };
    const { manager, finish } = scene({ observer, logger });
    const responses = ['r1', 'r2', 'refused', 'flaky'].map((id) => manager.submit({ modelId: 'model-a', id, params: PROMPT }).response);
    await finish();
    expect((await Promise.all(responses)).map(({ status }) => status)).toEqual(['completed', 'completed', 'completed', 'completed']);
    expect(logger.lines.some((line) => line.includes('the inspection observer threw'))).toBe(true);
    expect(JSON.stringify(logger.lines)).not.toMatch(ANY_MARKER);
  });

  it("is accepted by @statelyai/inspect: every definition is the chart's, and the stream is plain JSON without secrets", async () => {
    const sent: StatelyInspectionEvent[] = [];
    // A copy at once, as a socket would make it; a value that JSON cannot hold throws here.
    let onSent = (): void => {};
    const send = (event: StatelyInspectionEvent): void => {
      sent.push(JSON.parse(JSON.stringify(event)));
      onSent();
    };
    // The inspector converts events in timers of its own.
    const isDoneSent = new Promise<void>((resolve) => {
      onSent = () => {
        if (sent.some((event) => event.type === '@xstate.snapshot' && event.snapshot.status === 'done')) resolve();
      };
    });
    const { inspect } = createInspector({ send });
    const { manager, clock, finish } = scene({ observer: inspect, perSecond: 100 });
    void submitAllKinds(manager);
    await clock.advance(10_000);
    await finish();
    await isDoneSent;
    const actors = sent.filter((event) => event.type === '@xstate.actor');
    const charts = new Map(actors.map(({ definition }) => [JSON.parse(definition ?? '{}').id, JSON.parse(definition ?? '{}')]));
    expect([...charts.keys()].sort()).toEqual(['engine', 'limiter', 'modelScheduler', 'quotaDomain', 'request', 'supervisor']);
    expect(charts.get('request')).toMatchObject(JSON.parse(JSON.stringify(requestMachine.config)));
    expect(actors.every(({ parentId, definition }) => parentId !== undefined || definition?.includes('"engine"'))).toBe(true);
    const engine = actors.find(({ definition }) => definition?.includes('"id":"engine"'));
    expect(new Set(sent.map(({ rootId }) => rootId))).toEqual(new Set([engine?.sessionId]));
    expect(JSON.stringify(sent)).not.toMatch(ANY_MARKER);
  });
});
