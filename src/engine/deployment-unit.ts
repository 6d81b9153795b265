import type { AnyActorRef } from 'xstate';
import type { CircuitEvent } from '../../machines/circuit-machine.ts';
import type { DeploymentEvent } from '../../machines/deployment-machine.ts';
import type { ParsedDeploymentConfig } from '../config/deployment-config.ts';
import { windowOf } from '../config/rate-limiter-config.ts';
import { CircuitBreaker } from '../deployments/circuit-breaker.ts';
import { LLMQueueException } from '../domain/errors.ts';
import type { CallCost } from '../domain/limit-types.ts';
import { ConcurrencyCut } from '../limits/learning/concurrency-cut.ts';
import type { DeploymentHold } from './deployment-hold.ts';
import { Disablement } from './disablement.ts';
import type { EngineSignals } from './engine-signals.ts';
import { errorWords } from './error-words.ts';
import type { LimitListener } from './limit-listener.ts';
import type { LimiterUnit, LimiterUser } from './limiter-unit.ts';
import { Visit } from './visit.ts';

/** How long a deployment rests whose key was refused; the provider may accept it again without telling. */
const DISABLED_MS = 3_600_000;
/** Part of the newest value in the moving average of latencies. */
const NEWEST = 0.2;
const UNKNOWN = Number.POSITIVE_INFINITY;

export type DeploymentState = 'available' | 'cooling' | 'disabled';

/** A way through the deployment, which holds its limits too. */
interface Way {
  addUnit(unit: LimiterUnit, deployment: DeploymentUnit): void;
  removeUnit(unit: LimiterUnit): void;
}

/** A deployment in a running engine: its circuit, its limits and whoever uses it. Its actor hears of changes of mode only. */
export class DeploymentUnit {
  readonly id: string;
  readonly config: ParsedDeploymentConfig;
  readonly users = new Set<LimiterUser>();
  readonly routes = new Set<Way>();
  /** Its own limits, then those of the domains it belongs to. */
  units: readonly LimiterUnit[];
  inFlight = 0;
  /** Moving average of the time to the start of a response, in ms. */
  latencyMs: number | undefined;
  learner: LimitListener | undefined;
  readonly #signals: EngineSignals;
  readonly #actor: () => AnyActorRef | undefined;
  readonly #circuit: CircuitBreaker;
  readonly #disablement: Disablement;
  #gateUntil = 0;
  readonly #slowing = new ConcurrencyCut();
  /** Somebody waits for a call to end, perhaps another model's. */
  #awaited = false;
  #shown: DeploymentState = 'available';
  #lastError: Error | undefined;

  /** @param actor finds the deployment's actor; it may be gone once the engine has stopped */
  constructor(config: ParsedDeploymentConfig, units: readonly LimiterUnit[], signals: EngineSignals, actor: () => AnyActorRef | undefined) {
    this.id = config.id;
    this.config = config;
    this.units = units;
    this.#signals = signals;
    this.#actor = actor;
    this.#disablement = new Disablement(signals.clock, () => this.enable());
    this.#circuit = new CircuitBreaker({ ...config.circuit, restMs: config.errorBackoffInSeconds * 1000 });
  }

  get state(): DeploymentState {
    if (this.#disablement.error !== undefined) return 'disabled';
    return this.#circuit.state === 'closed' ? 'available' : 'cooling';
  }

  /** Whether its circuit lets nothing through; false once it is time for a probe that nobody has begun. */
  cools(now: number): boolean {
    return !this.#circuit.allows(now);
  }

  get circuit() {
    return this.#circuit.state;
  }

  /** What disabled it, while it is disabled. */
  get disabledBy(): Error | undefined {
    return this.#disablement.error;
  }

  /** Failures in a row, or those that opened its circuit. */
  get failures(): number {
    return this.#circuit.failures;
  }

  /** The last failure that counted for its circuit; undefined once a call has succeeded. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  get requestsPerMinute(): number | undefined {
    const limit = this.config.rateLimiters?.find(({ type }) => type === 'rpm');
    return limit && (limit.limit * 60) / windowOf(limit);
  }

  /** Free part of its tightest limit, 0 to 1. */
  headroom(now: number): number {
    return this.units.reduce((least, { limiter }) => Math.min(least, Math.max(0, 1 - limiter.used(now) / limiter.capacity)), 1);
  }

  /** The next moment at which a call may start as far as its mode goes; Infinity while only a probe's outcome can tell. */
  availableAt(now: number, cost: CallCost): number {
    const learnedAt = this.inFlight >= this.#slowing.limit ? UNKNOWN : (this.learner?.availableAt(cost, this.inFlight, now) ?? now);
    // Only the end of a call makes room.
    if (learnedAt === UNKNOWN) this.#awaited = true;
    const at = Math.max(now, this.#gateUntil, this.#disablement.until, learnedAt);
    if (at === UNKNOWN || this.#circuit.allows(at)) return at;
    return this.#circuit.state === 'open' ? Math.max(at, this.#circuit.openUntil) : UNKNOWN;
  }

  /** What keeps a call of this cost away as far as its mode goes, whatever lasts longest first: what {@link availableAt} goes by. */
  holds(now: number, cost: CallCost): DeploymentHold[] {
    const { error, until } = this.#disablement;
    const { failures, lastError, circuit } = this;
    const { limit: most } = this.#slowing;
    const circuitAt = this.#circuit.allows(now) ? now : circuit === 'open' ? this.#circuit.openUntil : UNKNOWN;
    const learned = this.learner?.hold(cost, this.inFlight, now);
    const holds: DeploymentHold[] = [
      ...(error === undefined ? [] : [{ kind: 'disabled', at: until, error } as const]),
      { kind: 'circuit', at: circuitAt, circuit, failures, lastError },
      { kind: 'refused', at: this.#gateUntil },
      { kind: 'slowed', at: this.inFlight >= most ? UNKNOWN : now, most },
      ...(learned === undefined ? [] : [learned]),
    ];
    return holds.filter(({ at }) => at > now).sort((a, b) => (a.at === b.at ? 0 : b.at - a.at));
  }

  /** Starts nothing before `until`, after a refusal that named no limit of ours. */
  gate(until: number): void {
    this.#gateUntil = Math.max(this.#gateUntil, until);
  }

  begin(cost: CallCost): Visit {
    const now = this.#signals.clock.now();
    this.inFlight++;
    const probe = this.#circuit.started();
    if (probe) this.#sendCircuit({ type: 'PROBING' });
    return new Visit(this, now, probe, this.learner?.started(cost, now));
  }

  /** A call there is over, whatever became of it. */
  ended(): void {
    this.inFlight--;
    if (!this.#awaited) return;
    this.#awaited = false;
    this.wakeUsers();
  }

  /** The provider says that the load grew too fast. */
  slowDown(startedAt: number): void {
    this.#slowing.slowDown(startedAt, this.inFlight, this.#signals.clock.now());
  }

  succeeded(probe: boolean, startedAt: number): void {
    this.#slowing.accepted(startedAt);
    this.#circuit.succeeded(probe);
    if (this.#circuit.state === 'closed') this.#lastError = undefined;
    if (probe) this.#recovered();
  }

  failed(probe: boolean, startedAt: number, error: Error): void {
    const { clock, events, logger } = this.#signals;
    const before = this.#circuit.state;
    this.#lastError = error;
    this.#circuit.failed(probe, startedAt, clock.now());
    if (this.#circuit.state !== 'open' || before === 'open') return;
    const until = this.#openUntil;
    this.#sendCircuit({ type: 'OPENED', until });
    this.#showState();
    events.emit({ type: 'deployment-cooling', at: clock.wallMs(), deploymentId: this.id, until });
    logger.warn({ deploymentId: this.id, until, error: errorWords(error, this.id) }, 'deployment takes no calls: several failed in a row');
    this.wakeUsers();
  }

  undecided(probe: boolean): void {
    this.#circuit.undecided(probe);
    if (probe) this.wakeUsers();
  }

  /**
   * The provider does not accept its key, or wants money: no call for an hour, unless somebody enables it or the
   * provider names another time.
   * @param untilMs epoch milliseconds
   */
  disable(error: Error, untilMs?: number): void {
    const { clock, events, logger } = this.#signals;
    const restMs = untilMs === undefined ? DISABLED_MS : Math.max(0, untilMs - clock.wallMs());
    const until = clock.wallMs() + restMs;
    this.#disablement.begin(error, restMs);
    const reason = codeOf(error);
    this.#send({ type: 'DISABLED', until, reason });
    this.#shown = 'disabled';
    events.emit({ type: 'deployment-disabled', at: clock.wallMs(), deploymentId: this.id, until, reason });
    const words = errorWords(error, this.id);
    logger.error({ deploymentId: this.id, until, error: words }, 'deployment disabled: its key is not accepted, or money is wanted');
    // Who waited for it has another one to wait for now, or none.
    this.wakeUsers();
  }

  enable(): void {
    if (this.#disablement.end()) this.#available();
  }

  /** A limit it got while it runs, configured or learned. */
  addUnit(unit: LimiterUnit): void {
    this.units = [...this.units, unit];
    for (const user of this.users) unit.users.add(user);
    for (const route of this.routes) route.addUnit(unit, this);
    this.wakeUsers();
  }

  removeUnit(unit: LimiterUnit): void {
    this.units = this.units.filter((each) => each !== unit);
    for (const route of this.routes) route.removeUnit(unit);
    this.wakeUsers();
  }

  wakeUsers(): void {
    for (const user of this.users) user.requestPass();
  }

  sample(): void {
    this.#send({ type: 'SAMPLED', inFlight: this.inFlight });
    for (const unit of this.units) unit.sample();
  }

  stop(): void {
    this.#disablement.stop();
    for (const unit of this.units) unit.stop();
  }

  measured(latencyMs: number): void {
    this.latencyMs = this.latencyMs === undefined ? latencyMs : this.latencyMs + NEWEST * (latencyMs - this.latencyMs);
  }

  #recovered(): void {
    this.#sendCircuit({ type: 'CLOSED' });
    this.#available();
  }

  /** One of the things that kept calls away is over; another may still be. */
  #available(): void {
    const { clock, events } = this.#signals;
    this.#showState();
    if (this.state === 'available') events.emit({ type: 'deployment-available', at: clock.wallMs(), deploymentId: this.id });
    this.wakeUsers();
  }

  /** Its actor was made anew, below another model: it learns how things stand. */
  show(): void {
    if (this.#circuit.state !== 'closed') this.#sendCircuit({ type: 'OPENED', until: this.#openUntil });
    if (this.#circuit.state === 'half-open') this.#sendCircuit({ type: 'PROBING' });
    this.#shown = 'available';
    this.#showState();
    for (const unit of this.units) if (unit.config.domain === undefined) unit.show();
  }

  /** Brings its actor from the mode that it shows to the one that holds. */
  #showState(): void {
    const { state } = this;
    if (state === this.#shown) return;
    const { clock } = this.#signals;
    if (this.#shown !== 'available') this.#send({ type: this.#shown === 'disabled' ? 'ENABLED' : 'RECOVERED' });
    if (state === 'cooling') this.#send({ type: 'COOLING', until: this.#openUntil });
    const { error } = this.#disablement;
    if (state === 'disabled' && error !== undefined) {
      this.#send({ type: 'DISABLED', until: clock.wallMs() + this.#disablement.until - clock.now(), reason: codeOf(error) });
    }
    this.#shown = state;
  }

  /** Epoch milliseconds; meaningful while the circuit is open. */
  get #openUntil(): number {
    const { clock } = this.#signals;
    return clock.wallMs() + this.#circuit.openUntil - clock.now();
  }

  #send(event: DeploymentEvent): void {
    const actor = this.#actor();
    if (actor?.getSnapshot().status === 'active') actor.send(event);
  }

  #sendCircuit(event: CircuitEvent): void {
    const circuit: AnyActorRef | undefined = this.#actor()?.getSnapshot().children?.circuit;
    if (circuit?.getSnapshot().status === 'active') circuit.send(event);
  }
}

function codeOf(error: Error): string {
  return LLMQueueException.isInstance(error) ? error.code : 'error';
}
