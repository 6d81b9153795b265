import { type ActorLogic, type ActorRefFrom, type AnyActorRef, createActor, type EventObject, type Snapshot } from 'xstate';
import {
  type RequestActorInput,
  type RequestContext,
  type RequestEvent,
  type RequestOutput,
  requestMachine,
} from '../../machines/request-machine.ts';
import type { RequestStatus } from '../domain/request-status.ts';
import { StringTable } from '../lib/string-table.ts';
import { deriveFlatLogic } from './derive-flat-logic.ts';

export const requestLogic = deriveFlatLogic<RequestContext, RequestEvent, RequestActorInput, RequestOutput, RequestStatus>(requestMachine);

/** The actor of one request. Its snapshot's `value` is the request's status. */
export type RequestActor = ActorRefFrom<typeof requestLogic>;

const ACTIVE: Snapshot<unknown> = { status: 'active', output: undefined, error: undefined };
const STOPPED: Snapshot<unknown> = { status: 'stopped', output: undefined, error: undefined };

interface Brood {
  readonly children: StringTable<RequestActor>;
  /** What its children are told their parent is. */
  readonly parent: AnyActorRef;
}

/** The live requests of each supervisor. Not in a snapshot: copying it for every request would be quadratic. */
const broods = new WeakMap<AnyActorRef, Brood>();

/**
 * Owns the live request actors of one model. Custom logic, because a machine that spawns copies all its children
 * each time; children report back by XState's own done and error events and are forgotten at once.
 */
export const supervisorLogic: ActorLogic<Snapshot<unknown>, EventObject> & { readonly config: object } = {
  // Not a chart's: it names the actor in an inspector.
  config: { id: 'supervisor', description: 'Owns the actors of the live requests of one model.' },
  getInitialSnapshot: (scope) => {
    broods.set(scope.self, { children: new StringTable(), parent: unregistering(scope.self) });
    return ACTIVE;
  },
  getPersistedSnapshot: (snapshot) => snapshot,
  transition: (snapshot, event, scope) => {
    const children = broods.get(scope.self)?.children;
    if ('actorId' in event && typeof event.actorId === 'string') children?.delete(event.actorId);
    else if (event.type === 'xstate.stop') {
      // What `scope.stopChild` would send, too; it looks for the supervisor itself as the parent (see `unregistering`).
      for (const child of children?.values() ?? []) child.send(event as never);
      children?.clear();
      return STOPPED;
    }
    return snapshot;
  },
};

/**
 * Makes and starts a request's actor as a child of a running supervisor. `parent` is in XState's public options,
 * though undocumented; it is used here only.
 */
export function spawnRequest(supervisor: AnyActorRef, input: RequestActorInput): RequestActor {
  const brood = broods.get(supervisor);
  if (brood === undefined) throw new Error('Not a running supervisor.');
  const actor = createActor(requestLogic, { parent: brood.parent, id: input.requestId, input });
  brood.children.set(input.requestId, actor);
  actor.start();
  return actor;
}

/** How many request actors a supervisor has. */
export function liveRequestActors(supervisor: AnyActorRef): number {
  return broods.get(supervisor)?.children.size ?? 0;
}

/** Makes the actor of a request that is over already: it belongs to nobody. */
export function detachedRequestActor(input: RequestActorInput): RequestActor {
  return createActor(requestLogic, { id: input.requestId, input }).start();
}

/**
 * The supervisor, seen through a system that does not enter actors into XState's own Map of all actors, which
 * nothing reads: with requests coming and going that Map costs half the throughput (see {@link StringTable}).
 * Everything else is the supervisor's, so messages, inspection and the clock work as ever.
 */
function unregistering(supervisor: AnyActorRef): AnyActorRef {
  const system = Object.create(supervisor.system, {
    _register: { value: (sessionId: string) => sessionId },
    _unregister: { value: () => {} },
  });
  return Object.create(supervisor, { system: { value: system } });
}
