/** Of lineage, what runs on the web platform alone. */
export type { AuditLineage, LineageAct } from '../audit.ts';
export { lineageHealthRoutes } from '../health.routes.ts';
export type { LineageIdentity } from '../identity/identity.ts';
export { ingestRoutes } from '../ingest/ingest.routes.ts';
export { lineageSettings } from '../lineage.config.ts';
export type { LineageDeps } from '../lineage-deps.ts';
export { queryRoutes } from '../queries/queries.routes.ts';
export { compactPastDays } from '../stores/objects/compact-past-days.ts';
export { ObjectRunStore } from '../stores/objects/object-run-store.ts';
