export { type DocumentConfig, documentSettings } from './documents.config.ts';
export { documentRoutes } from './documents.routes.ts';
export { groupRoutes } from './groups/groups.routes.ts';
export { sharedWithRoutes } from './shares/shared-with.routes.ts';
export { shareRoutes } from './shares/shares.routes.ts';
