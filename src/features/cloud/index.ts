export { type CloudConfig, cloudSettings } from './cloud.config.ts';
export { type CloudDeps, cloudDeps, cloudRoutes } from './cloud.routes.ts';
