/** Below the ceiling after a refusal; further where a window holds few calls, whose number can be off by one. */
const LEAST_DIP = 0.024;
const MOST_DIP = 0.06;
const DIP_CALLS = 1.5;
/** Horizons that the way back up to the ceiling takes; within these bounds as long as keeps refusals and waits to these shares. */
const LEAST_BELOW = 0.6;
const MOST_BELOW = 6;
const REFUSED_SHARE = 0.0065;
const PAUSED_SHARE = 0.03;
/** Horizons from the ceiling to the refusal, mostly. */
const PROBE_TAKES = 0.6;
/** Above the ceiling when probing begins; twice that a horizon later. */
const FIRST_EXCESS = 0.02;
/** Once it is proven that the limit has grown the excess doubles in so many horizons. */
const EXCESS_DOUBLES = 0.1;

/** The way from below a ceiling to above it: slowly back up, then a probe, then by factors once the probe was given more than the ceiling allows. */
export class SawTooth {
  /** Seconds at the full rate since the last refusal, and how many of them it took to prove that the limit has grown. */
  #elapsedS = 0;
  #provenS = Number.POSITIVE_INFINITY;
  #refusedSinceCut = 0;
  #refusedPerProbe = 1;
  #wasProbe = false;
  #pausedS = 0;

  get elapsedS(): number {
    return this.#elapsedS;
  }

  advance(seconds: number): void {
    this.#elapsedS += seconds;
  }

  /** Begins again at the bottom. */
  restart(): void {
    this.#elapsedS = 0;
    this.#provenS = Number.POSITIVE_INFINITY;
  }

  refused(): void {
    this.#refusedSinceCut++;
  }

  /** How long nothing is sent for the last probe. */
  paused(ms: number): void {
    this.#pausedS = ms / 1_000;
  }

  /** Begins again because something was refused; what that cost is known with the next one. */
  cut(isProbe: boolean): void {
    if (this.#wasProbe) this.#refusedPerProbe += 0.5 * (this.#refusedSinceCut - this.#refusedPerProbe);
    this.#wasProbe = isProbe;
    this.#refusedSinceCut = 0;
    this.restart();
  }

  /** Of the ceiling, at the bottom. */
  low(callsPerHorizon: number): number {
    return 1 - Math.max(LEAST_DIP, Math.min(MOST_DIP, DIP_CALLS / Math.max(1, callsPerHorizon)));
  }

  /** Of the ceiling, at this place. @param hasGrown asked once a probe is under way */
  share(horizonS: number, callsPerHorizon: number, hasGrown: () => boolean): number {
    const belowS = this.#belowS(horizonS, callsPerHorizon);
    const low = this.low(callsPerHorizon);
    if (this.#elapsedS < belowS) return low + (1 - low) * (this.#elapsedS / belowS) ** 2;
    if (this.#provenS === Number.POSITIVE_INFINITY && hasGrown()) this.#provenS = this.#elapsedS;
    const probedS = this.#elapsedS - belowS;
    const provenS = Math.max(0, Math.min(probedS, this.#elapsedS - this.#provenS));
    return 1 + FIRST_EXCESS * 2 ** (Math.min(1, probedS / horizonS) + provenS / (EXCESS_DOUBLES * horizonS));
  }

  /** How long the way from the bottom to the ceiling takes: so long that refusals, and waits for them, stay few. */
  #belowS(horizonS: number, callsPerHorizon: number): number {
    const perRefusalS = horizonS / (REFUSED_SHARE * Math.max(0.005, callsPerHorizon));
    const forRefusalsS = Math.max(1, this.#refusedPerProbe) * perRefusalS - PROBE_TAKES * horizonS;
    const wantedS = Math.max(forRefusalsS, this.#pausedS / PAUSED_SHARE);
    return Math.max(LEAST_BELOW * horizonS, Math.min(MOST_BELOW * horizonS, wantedS));
  }
}
