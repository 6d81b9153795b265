/** Entry `headgate/simulator`: a provider to test against, in process under any clock, and on HTTP. */
export { type Charge, type CostFacts, type CostRule, type CostRuleName, costRules } from './cost-rules.ts';
export type { ExchangeListener } from './exchange.ts';
export { FAULT_KINDS, type FaultKind, type FaultRates, isRejection, type RejectionKind } from './faults.ts';
export { goDuration } from './go-duration.ts';
export { type SimulatedHttpAnswer, type SimulatedHttpRequest, simulatedFetch, simulateHttp } from './http/simulate-http.ts';
export { type RunningSimulator, type StartSimulatorOptions, startSimulator } from './http/start-simulator.ts';
export type { SimulatedResponse } from './in-process-call.ts';
export { type LatencyModel, LONG_NON_STREAMING, type TtftModel } from './latency.ts';
export type { SimulatedLimitStats } from './limits/limit-account.ts';
export type { LimitChange, Mechanism, SimulatedLimit, SimulatedLimitType } from './limits/simulated-limit.ts';
export { SIMULATOR_PRESETS, type SimulatorPreset, type SimulatorPresetName } from './presets.ts';
export type { ResponseKind, SimulatedScript } from './request-script.ts';
export { type Range, SeededRandom } from './seeded-random.ts';
export { type CallOutcome, type ErrorBody, type ResponseHead, type SimulatedCall, SimulatedNetworkError } from './simulated-call.ts';
export { SimulatedProvider, type SimulatorStats } from './simulated-provider.ts';
export { parseFaults, parseLatency, parseRange, type SimulatorFlags, simulatorOptionsFromFlags } from './simulator-flags.ts';
export type { AzureQuirks, Dialect, ScriptedRequest, SimulatedProviderOptions } from './simulator-options.ts';
export type { SimulatedStream } from './streamed-call.ts';
