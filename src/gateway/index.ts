/** Entry `headgate/gateway` (Node): one address that speaks OpenAI's and Anthropic's protocols. */
export { createGateway } from './create-gateway.ts';
export { Gateway, type GatewayOptions, type ListenOptions } from './gateway.ts';
