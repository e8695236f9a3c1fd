export type { CloudConfig } from './cloud.config.ts';
export { type CloudDeps, cloudDeps, cloudRoutes } from './cloud.routes.ts';
export { startDueMirrors } from './mirror/start-due-mirrors.ts';
export { type Rotation, rotateKeys } from './secrets/rotate-keys.ts';
export { transferHandlers } from './transfer/transfer-handlers.ts';
