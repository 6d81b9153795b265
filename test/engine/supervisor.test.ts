import { describe, expect, it } from 'vitest';
import { type AnyActorRef, createActor, type InspectionEvent } from 'xstate';
import type { RequestActorInput } from '../../machines/request-machine.ts';
import { detachedRequestActor, liveRequestActors, spawnRequest, supervisorLogic } from '../../src/engine/supervisor.ts';
import { bench, MODEL, ONE_AT_ONCE } from './harness.ts';

const input = (requestId: string): RequestActorInput => ({
  requestId,
  modelId: 'm',
  tenant: '',
  priority: 0,
  createdAt: 0,
  estimatedInputTokens: 0,
  estimatedOutputTokens: 0,
  phase: 'queued',
  attempt: 0,
});

function start(): { readonly supervisor: AnyActorRef; readonly seen: InspectionEvent[] } {
  const seen: InspectionEvent[] = [];
  const supervisor = createActor(supervisorLogic, { id: 'requests', inspect: (event) => seen.push(event) }).start();
  return { supervisor, seen };
}

describe('the supervisor', () => {
  it('owns the request actors: an inspector sees each as its child, with the right parent', () => {
    const { supervisor, seen } = start();
    const child = spawnRequest(supervisor, input('r'));
    const made = seen.find(({ type, actorRef }) => type === '@xstate.actor' && actorRef === child);
    expect(made?.rootId).toBe(supervisor.sessionId);
    expect(made?.actorRef).toMatchObject({ _parent: { sessionId: supervisor.sessionId, id: 'requests' } });
    expect(child.sessionId).not.toBe(supervisor.sessionId);
    child.send({ type: 'ADMITTED', attempt: 1 });
    const snapshots = seen.filter(({ type, actorRef }) => type === '@xstate.snapshot' && actorRef === child);
    expect(snapshots.map((event) => 'snapshot' in event && 'value' in event.snapshot && event.snapshot.value)).toEqual([
      'pending',
      'processing',
    ]);
  });

  it('hears of the end of each and forgets it at once', () => {
    const { supervisor, seen } = start();
    const children = ['a', 'b', 'c'].map((id) => spawnRequest(supervisor, input(id)));
    expect(liveRequestActors(supervisor)).toBe(3);
    children[1]?.send({ type: 'FAILED', reason: 'cancelled', code: 'cancelled' });
    expect(liveRequestActors(supervisor)).toBe(2);
    children[0]?.send({ type: 'ADMITTED', attempt: 1 });
    children[0]?.send({ type: 'COMPLETED' });
    expect(liveRequestActors(supervisor)).toBe(1);
    const reports = seen.filter((event) => event.type === '@xstate.event' && event.event.type === `xstate.done.actor.a`);
    expect(reports).toHaveLength(1);
    expect(reports[0]?.actorRef.sessionId).toBe(supervisor.sessionId);
    expect(supervisor.getSnapshot().status).toBe('active');
  });

  it('is not harmed by a child that fails, and neither are its other children', () => {
    const { supervisor } = start();
    const [bad, good] = ['bad', 'good'].map((id) => spawnRequest(supervisor, input(id)));
    bad?.subscribe({ error: () => {} });
    const event = {
      type: 'ADMITTED',
      get attempt(): number {
        throw new Error('event');
      },
    } as const;
    bad?.send(event);
    expect(bad?.getSnapshot().status).toBe('error');
    expect(liveRequestActors(supervisor)).toBe(1);
    expect(supervisor.getSnapshot().status).toBe('active');
    good?.send({ type: 'ADMITTED', attempt: 1 });
    expect(good?.getSnapshot().value).toBe('processing');
  });

  it('stops its children when it is stopped', () => {
    const { supervisor } = start();
    const children = ['a', 'b'].map((id) => spawnRequest(supervisor, input(id)));
    supervisor.stop();
    expect(children.map((child) => child.getSnapshot().status)).toEqual(['stopped', 'stopped']);
    expect(liveRequestActors(supervisor)).toBe(0);
    expect(supervisor.getSnapshot().status).toBe('stopped');
  });

  it('gives no home to the actor of a request that is over', () => {
    const actor = detachedRequestActor(input('r'));
    actor.send({ type: 'FAILED', reason: 'rejected', code: 'x' });
    expect(actor.getSnapshot()).toMatchObject({ value: 'failed', status: 'done' });
  });

  it('refuses to own anything for somebody else', () => {
    expect(() => spawnRequest(detachedRequestActor(input('x')), input('r'))).toThrow('Not a running supervisor');
  });

  it('of an engine holds one actor for each running request and none when all have settled', async () => {
    const { manager, submit, calls, clock } = bench({ rateLimiters: [{ type: 'concurrent', limit: 3 }] });
    const handles = Array.from({ length: 5 }, () => submit());
    await clock.settle();
    const scheduler = manager.actor.getSnapshot().children[`model:${MODEL}`] as AnyActorRef;
    const supervisor = scheduler.getSnapshot().children.requests as AnyActorRef;
    // Whoever waits costs no actor until somebody looks.
    expect(liveRequestActors(supervisor)).toBe(3);
    void handles[4]?.actor;
    expect(liveRequestActors(supervisor)).toBe(4);
    handles[4]?.cancel();
    for (let i = 0; i < 2; i++) {
      for (const call of calls.all) call.resolve();
      await clock.settle();
    }
    for (const { response } of handles) await response;
    expect(liveRequestActors(supervisor)).toBe(0);
  });

  it('ten thousand requests through one slot leave nothing behind', async () => {
    const { manager, submit, clock } = bench(ONE_AT_ONCE, () => 1);
    const handles = Array.from({ length: 10_000 }, () => submit());
    for (const { response } of handles) expect((await response).status).toBe('completed');
    const scheduler = manager.actor.getSnapshot().children[`model:${MODEL}`] as AnyActorRef;
    expect(liveRequestActors(scheduler.getSnapshot().children.requests as AnyActorRef)).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
