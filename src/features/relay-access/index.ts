export { type RelayIdentity, relayIdentity } from './identity/relay-identity.ts';
export { RelayKeys, relayKeySetShape, relayKeyShape } from './identity/relay-keys.ts';
export { relayApiRoutes } from './relay-api.routes.ts';
