import type { AnyActorRef, InspectionEvent, Observer } from 'xstate';
import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import { requestLogic, supervisorLogic } from './supervisor.ts';

/** Anything XState's `inspect` option takes. */
export type InspectionObserver = Observer<InspectionEvent> | ((event: InspectionEvent) => void);

const REMEMBERED = 1_000;

/**
 * Passes XState's inspection events on to an observer: the engine, schedulers and limiters in full, of the requests
 * a sample of so many new ones per second. Request actors carry no params and no results, so nothing that is
 * inspected does. An observer that throws is logged and does no harm.
 */
export class Inspection {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #observer: InspectionObserver;
  readonly #perSecond: number;
  readonly #sampled = new Set<string>();
  #second = Number.NEGATIVE_INFINITY;
  #inSecond = 0;

  constructor(observer: InspectionObserver, perSecond: number, clock: Clock, logger: Logger) {
    this.#observer = observer;
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Whether to show a request that was just submitted; its actor is made at once then. */
  take(requestId: string): boolean {
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    if (this.#inSecond >= this.#perSecond) return false;
    this.#inSecond++;
    this.#sampled.add(requestId);
    if (this.#sampled.size > REMEMBERED) {
      for (const oldest of this.#sampled) {
        this.#sampled.delete(oldest);
        break;
      }
    }
    return true;
  }

  readonly inspect = (event: InspectionEvent): void => {
    if (this.#hidden(event)) return;
    try {
      if (typeof this.#observer === 'function') this.#observer(event);
      else this.#observer.next?.(event);
    } catch (error) {
      this.#logger.warn({ error: error instanceof Error ? error.name : typeof error }, 'the inspection observer threw');
    }
  };

  /** Whether an event is about a request outside of the sample: its own, or its supervisor's when it is over. */
  #hidden(event: InspectionEvent): boolean {
    const actor = event.actorRef as AnyActorRef;
    const logic = 'logic' in actor ? actor.logic : undefined;
    if (logic === requestLogic) return !this.#sampled.has(actor.id);
    if (logic !== supervisorLogic || !('event' in event) || !('actorId' in event.event)) return false;
    return !this.#sampled.has(String(event.event.actorId));
  }
}
