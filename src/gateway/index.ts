/** Entry `headgate/gateway` (Node): one address that speaks OpenAI's and Anthropic's protocols. */
export type { GatewayOptions } from './assemble-gateway.ts';
export { createGateway } from './create-gateway.ts';
export type { CloseOptions, Gateway, ListenOptions } from './gateway.ts';
