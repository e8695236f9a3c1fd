import type { Route } from '#http/route.ts';
import type { CatalogDeps } from './catalog-deps.ts';
import { deploymentRoutes } from './deployments.routes.ts';
import { documentRoutes } from './documents.routes.ts';

export function catalogRoutes(deps: CatalogDeps): Route[] {
  return [
    ...documentRoutes(deps, { kind: 'policies', one: 'policy', many: 'policies', missing: 'policy_not_found' }),
    ...documentRoutes(deps, { kind: 'flows', one: 'flow', many: 'flows', missing: 'flow_not_found' }),
    ...deploymentRoutes(deps),
  ];
}
