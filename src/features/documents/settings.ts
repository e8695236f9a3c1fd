/** A door of its own beside index.ts: to know the configuration, no command need load what it is for. */
export { documentSettings } from './documents.config.ts';
export { processingSettings } from './processing/processing.config.ts';
