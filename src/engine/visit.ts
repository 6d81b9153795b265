import type { CallAnswer, LimitListener, SentCall } from './limit-listener.ts';

/** What a visit tells the deployment. */
interface Visited {
  readonly id: string;
  readonly learner: LimitListener | undefined;
  readonly inFlight: number;
  ended(): void;
  measured(latencyMs: number): void;
  succeeded(probe: boolean, startedAt: number): void;
  failed(probe: boolean, startedAt: number, error: Error): void;
  undecided(probe: boolean): void;
  disable(error: Error, untilMs?: number): void;
  slowDown(startedAt: number): void;
}

/** One attempt's stay at a deployment; its outcome is told once. */
export class Visit {
  readonly deployment: Visited;
  readonly #startedAt: number;
  readonly #probe: boolean;
  readonly #sent: SentCall | undefined;
  #over = false;

  constructor(deployment: Visited, startedAt: number, probe: boolean, sent: SentCall | undefined) {
    this.deployment = deployment;
    this.#startedAt = startedAt;
    this.#probe = probe;
    this.#sent = sent;
  }

  responded(now: number): void {
    if (this.#over) return;
    this.deployment.measured(now - this.#startedAt);
    if (this.#sent !== undefined) this.deployment.learner?.counted(this.#sent);
  }

  /** Tells what the answer says of the limits; of several acceptances only the first. */
  answered(answer: CallAnswer, now: number): void {
    if (this.#sent !== undefined) this.deployment.learner?.answered(this.#sent, answer, now);
  }

  succeeded(): void {
    if (this.#end()) this.deployment.succeeded(this.#probe, this.#startedAt);
  }

  /** Failed in a way that counts for the circuit. */
  failed(error: Error): void {
    if (this.#end()) this.deployment.failed(this.#probe, this.#startedAt, error);
  }

  /** It says nothing about the deployment: refused, cancelled, or the request's own fault. */
  left(): void {
    if (this.#end()) this.deployment.undecided(this.#probe);
  }

  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    if (this.#sent !== undefined) this.deployment.learner?.counted(this.#sent);
    this.deployment.ended();
    return true;
  }
}
