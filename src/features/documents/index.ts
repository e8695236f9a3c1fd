export { type DocumentConfig, documentSettings } from './documents.config.ts';
export { documentRoutes } from './documents.routes.ts';
