import { type ActorLogic, type ActorRefFrom, type AnyActorRef, createActor, type EventObject, type Snapshot } from 'xstate';
import {
  type RequestActorInput,
  type RequestContext,
  type RequestEvent,
  type RequestOutput,
  requestMachine,
} from '../../machines/request-machine.ts';
import { deriveFlatLogic } from './derive-flat-logic.ts';

export const requestLogic = deriveFlatLogic<RequestContext, RequestEvent, RequestActorInput, RequestOutput>(requestMachine);

/** The actor of one request. Its snapshot's `value` is the request's status. */
export type RequestActor = ActorRefFrom<typeof requestLogic>;

const ACTIVE: Snapshot<unknown> = { status: 'active', output: undefined, error: undefined };
const STOPPED: Snapshot<unknown> = { status: 'stopped', output: undefined, error: undefined };

/** The live requests of each supervisor. Not in a snapshot: copying it for every request would be quadratic. */
const childrenOf = new WeakMap<AnyActorRef, Map<string, RequestActor>>();

/**
 * Owns the live request actors of one model. Custom logic, because a machine that spawns copies all its children
 * each time; children report back by XState's own done and error events and are forgotten at once.
 */
export const supervisorLogic: ActorLogic<Snapshot<unknown>, EventObject> = {
  getInitialSnapshot: (scope) => {
    childrenOf.set(scope.self, new Map());
    return ACTIVE;
  },
  getPersistedSnapshot: (snapshot) => snapshot,
  transition: (snapshot, event, scope) => {
    const children = childrenOf.get(scope.self);
    if ('actorId' in event && typeof event.actorId === 'string') children?.delete(event.actorId);
    else if (event.type === 'xstate.stop') {
      for (const child of children?.values() ?? []) scope.stopChild(child);
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
  const actor = createActor(requestLogic, { parent: supervisor, id: input.requestId, input });
  childrenOf.get(supervisor)?.set(input.requestId, actor);
  actor.start();
  return actor;
}

/** How many request actors a supervisor has. */
export function liveRequestActors(supervisor: AnyActorRef): number {
  return childrenOf.get(supervisor)?.size ?? 0;
}

/** Makes the actor of a request that is over already: it belongs to nobody. */
export function detachedRequestActor(input: RequestActorInput): RequestActor {
  return createActor(requestLogic, { id: input.requestId, input }).start();
}
