/** Entry `headgate/client` (Node): model queues over deployments, behind the SDKs that programs have already. */
export type { HeadgateConfigInput } from '../config/headgate-config-schema.ts';
export type { DeploymentEntry, HeadgateConfig, ModelEntry } from '../config/headgate-config-types.ts';
export { registerProvider } from '../providers/preset-registry.ts';
export type { WireAnswer, WireReply, WireStream } from '../providers/provider.ts';
export { ProviderFailure } from '../providers/provider-failure.ts';
export type { GuestOptions } from './ai-sdk/guest-calls.ts';
export type { SdkMiddleware } from './ai-sdk/language-model-middleware.ts';
export { assembleHeadgate, type CreateHeadgateOptions, createHeadgate } from './create-headgate.ts';
export type { DispatchCall, Dispatched, DispatchOptions } from './dispatch/dispatch-types.ts';
export type { Fetch, FetchOptions } from './fetch/create-fetch.ts';
export { type DeploymentStatus, Headgate, type HeadgateStatus } from './headgate.ts';
