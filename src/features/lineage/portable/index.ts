/** Of lineage, what runs on the web platform alone. */
export type { AuditLineage, LineageAct } from '../audit.ts';
export { identitySettings } from '../identity/identity.config.ts';
export type { LineageIdentity } from '../identity/identity.ts';
export { lineageIdentity } from '../identity/lineage-identity.ts';
export { lineageSettings } from '../lineage.config.ts';
export { lineageRoutes } from '../lineage.routes.ts';
export type { LineageDeps } from '../lineage-deps.ts';
export { compactPastDays } from '../stores/objects/compact-past-days.ts';
export { ObjectRunStore } from '../stores/objects/object-run-store.ts';
