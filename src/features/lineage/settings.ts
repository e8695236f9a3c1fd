/** A door of its own beside index.ts: to know the configuration, no command need load what it is for. */
export { identitySettings } from './identity/identity.config.ts';
export { lineageSettings } from './lineage.config.ts';
