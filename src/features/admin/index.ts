export { type AdminConfig, type AdminDeps, adminRoutes } from './admin.routes.ts';
