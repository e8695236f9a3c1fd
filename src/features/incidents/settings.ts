/** A door of its own beside index.ts: to know the configuration, no command need load what it is for. */
export { captureSettings } from './captures/captures.config.ts';
export { chunkSettings } from './chunks/chunks.config.ts';
export { deletionSettings } from './deletion/deletion.config.ts';
export { checkRetention } from './deletion/retention-policy.ts';
export { relayCapabilitySettings } from './relay-capabilities/relay-capabilities.config.ts';
export { safetyCheckSettings } from './safety-checks/safety-checks.config.ts';
export { viewerTokenSettings } from './viewer-tokens/viewer-tokens.config.ts';
