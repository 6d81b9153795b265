import { InvalidRequest } from '../../domain/errors.ts';
import type { DispatchCall } from '../dispatch/dispatch-types.ts';
import type { ModelCatalogue } from '../dispatch/model-catalogue.ts';
import { modelRoute } from '../dispatch/model-route.ts';
import { countingByType } from '../dispatch/provider-counting.ts';
import type { CallerUpstream, CallerUpstreams } from './caller-upstreams.ts';
import type { CallTarget } from './recognise-call.ts';

/** Attempts in all where nothing else is configured. */
const MAX_ATTEMPTS = 4;

/** Where a fetch call goes. */
export interface RoutedCall {
  readonly modelId: string;
  readonly call: DispatchCall;
  /** To be told when the call and its stream are over; absent: nobody waits for it. */
  readonly done?: (() => void) | undefined;
}

/** Finds the model that a call is for; where no models are configured, each is taken in at its first call. */
export class CallRouting {
  readonly #catalogue: ModelCatalogue;
  readonly #callers: CallerUpstreams;
  readonly #discovers: boolean;
  /** Model ids of callers' endpoints. */
  readonly #discovered = new WeakMap<CallerUpstream, string>();
  readonly #foundOut = new Set<string>();

  constructor(catalogue: ModelCatalogue, callers: CallerUpstreams, discovers: boolean) {
    this.#catalogue = catalogue;
    this.#callers = callers;
    this.#discovers = discovers;
  }

  /** Throws `InvalidRequest` for a call without a model. A model that is not known is the dispatcher's to refuse. */
  route(target: CallTarget, call: DispatchCall): RoutedCall {
    const name = this.#nameOf(target, call);
    // A model that was found out from one caller's call is that caller's: its key is no other's.
    const route = this.#foundOut.has(name) ? undefined : this.#catalogue.routes.get(name);
    if (route === undefined && this.#discovers) {
      const { upstream, done } = this.#callers.take(target, call.auth, name);
      try {
        return { modelId: this.#modelOf(upstream, name), call, done };
      } catch (error) {
        done();
        throw error;
      }
    }
    if (route === undefined || route.upstreams.length > 0) return { modelId: name, call };
    const { upstream, done } = this.#callers.take(target, call.auth, name);
    return { modelId: name, call: { ...call, upstream }, done };
  }

  /** A caller's endpoint is no longer kept: its model goes once its calls are done. */
  async forget(upstream: CallerUpstream): Promise<void> {
    const modelId = this.#discovered.get(upstream);
    if (modelId === undefined) return;
    await this.#catalogue.remove(modelId);
    this.#foundOut.delete(modelId);
  }

  #nameOf({ deployment }: CallTarget, { body }: DispatchCall): string {
    const { model } = body;
    if (typeof model === 'string' && model !== '') {
      if (/\p{Cc}/u.test(model)) throw new InvalidRequest("'model' has line breaks or other control characters.", 'model');
      return deployment !== undefined && !this.#catalogue.routes.has(model) ? deployment : model;
    }
    if (deployment !== undefined) return deployment;
    throw new InvalidRequest("The request names no model: 'model' must be a non-empty string.", 'model');
  }

  #modelOf(upstream: CallerUpstream, name: string): string {
    const known = this.#discovered.get(upstream);
    if (known !== undefined) return known;
    const modelId = this.#freeName(name, upstream.host);
    const { preset } = upstream.endpoint;
    const deployments = [{ id: upstream.id, learnLimits: countingByType(preset), seekRate: preset.limitsRates }];
    this.#catalogue.open(modelRoute(modelId, [upstream]), { modelId, deployments, retry: { maxAttempts: MAX_ATTEMPTS } });
    this.#discovered.set(upstream, modelId);
    this.#foundOut.add(modelId);
    return modelId;
  }

  /** The model's own name for the first key; others are told apart by host and number. */
  #freeName(name: string, host: string): string {
    let free = name;
    for (let number = 2; this.#catalogue.isTaken(free); number++) free = `${name}@${host}#${number}`;
    return free;
  }
}
