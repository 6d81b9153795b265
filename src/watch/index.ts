export type { GatewayDeployment, GatewayStatus, TenantBudget, TenantStatus } from '../client/gateway-status.ts';
export type { Connection } from './follow-events.ts';
export { type GatewayWatch, type WatchOptions, watchGateway } from './watch-gateway.ts';
export { WatchRefused } from './watch-refused.ts';
