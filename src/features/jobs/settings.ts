/** A door of its own beside index.ts: to know the configuration, no command need load what it is for. */
export { jobSettings } from './jobs.config.ts';
