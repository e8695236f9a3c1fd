import { type AccountConfig, sessionIdentifier } from '#features/accounts/index.ts';
import type { JobEndings } from '#features/jobs/index.ts';
import type { Readiness } from '#http/health.routes.ts';
import { staticFiles } from '#http/pages/static-files.ts';
import type { Peers } from '#http/peers.ts';
import type { RateLimiter } from '#http/rate-limits.ts';
import type { Route } from '#http/route.ts';
import type { StagingUsage } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { accountPageRoutes } from './accounts/accounts.routes.ts';
import { auditPageRoutes } from './audit/audit.routes.ts';
import { deletionPageRoutes } from './deletions/deletions.routes.ts';
import { openGate } from './gate.ts';
import { incidentPageRoutes } from './incidents/incidents.routes.ts';
import { jobPageRoutes } from './jobs/jobs.routes.ts';
import { type About, overviewRoutes } from './overview/overview.routes.ts';
import { bootstrapRoutes } from './sign-in/bootstrap.routes.ts';
import { signInRoutes } from './sign-in/sign-in.routes.ts';

export interface AdminDeps {
  metadata: Metadata;
  readiness: Readiness;
  stagingUsage: () => StagingUsage;
  peers: Peers;
  jobEndings: JobEndings;
  limiter: RateLimiter;
  about: About;
}

export interface AdminConfig {
  accounts: AccountConfig;
  deletion: { workerIntervalMs: number };
}

const shared = (name: string) => new URL(`../../http/pages/${name}`, import.meta.url);
const own = (name: string) => new URL(`./assets/${name}`, import.meta.url);

/** The pages of the private admin listener. */
export function adminRoutes(deps: AdminDeps, config: AdminConfig): Route[] {
  const { metadata, peers, limiter } = deps;
  const files = staticFiles('/admin/static', {
    'admin.css': [shared('base.css'), shared('parts.css'), own('admin.css')],
    'admin.js': [own('admin.js')],
    'tell.js': [shared('tell.js')],
    'icon.svg': [shared('icon.svg')],
  });
  const gate = openGate({ identifier: sessionIdentifier({ metadata }, 'admin_page'), peers, files });
  return [
    ...signInRoutes({ metadata, limiter, gate, files }, config.accounts),
    ...bootstrapRoutes({ metadata, limiter, gate, files }, config.accounts),
    ...overviewRoutes({ ...deps, gate }),
    ...accountPageRoutes({ metadata, gate }, config.accounts),
    ...incidentPageRoutes({ metadata, gate }),
    ...deletionPageRoutes({ metadata, gate }, config.deletion),
    ...jobPageRoutes({ metadata, gate, endings: deps.jobEndings }),
    ...auditPageRoutes({ metadata, gate }),
    ...files.routes,
  ];
}
