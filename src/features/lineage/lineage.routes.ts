import type { Route } from '#http/route.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import { catalogRoutes } from './catalog/catalog.routes.ts';
import { type HealthDetails, lineageHealthRoutes } from './health.routes.ts';
import { type IngestRules, ingestRoutes } from './ingest/ingest.routes.ts';
import type { LineageDeps } from './lineage-deps.ts';
import { type OpenLineageRules, openLineageRoutes } from './openlineage/openlineage.routes.ts';
import { lineagePages } from './pages/pages.routes.ts';
import { queryRoutes } from './queries/queries.routes.ts';

export interface LineageHome {
  deps: LineageDeps;
  /** Policies, flows and deployments. */
  catalog: ObjectStore;
  /** Of every key of the catalogue. */
  prefix: string;
  rules: IngestRules & OpenLineageRules;
  /** Readers of the pages come by HTTPS. */
  secure: boolean;
  details?: HealthDetails;
}

/** Everything that lineage answers, the same in every home. */
export function lineageRoutes({ catalog, deps, details, prefix, rules, secure }: LineageHome): Route[] {
  return [
    ...lineageHealthRoutes(details),
    ...ingestRoutes(deps, rules),
    ...queryRoutes(deps),
    ...catalogRoutes({ ...deps, objects: catalog, prefix }),
    ...openLineageRoutes(deps, rules),
    ...lineagePages(deps, { secure }),
  ];
}
