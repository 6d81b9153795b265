export { type CircuitContext, type CircuitEvent, circuitMachine } from './circuit-machine.ts';
export { type DeploymentContext, type DeploymentEvent, deploymentMachine } from './deployment-machine.ts';
export { type EngineContext, type EngineEvent, engineMachine } from './engine-machine.ts';
export { type LimiterContext, type LimiterEvent, limiterMachine } from './limiter-machine.ts';
export { type ModelSchedulerContext, type ModelSchedulerEvent, modelSchedulerMachine } from './model-scheduler-machine.ts';
export { type QuotaDomainContext, type QuotaDomainEvent, quotaDomainMachine } from './quota-domain-machine.ts';
export { type RequestContext, type RequestEvent, type RequestOutput, requestMachine } from './request-machine.ts';
