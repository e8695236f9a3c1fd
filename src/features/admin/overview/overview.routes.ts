import { countIncidents, countUnfinished } from '#features/incidents/index.ts';
import type { Readiness } from '#http/health.routes.ts';
import type { Route } from '#http/route.ts';
import type { StagingUsage } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import type { Gate } from '../gate.ts';
import { type Overview, overviewPage } from './overview.pages.ts';

export interface About {
  version: string;
  startedAtMs: number;
}

export interface OverviewDeps {
  metadata: Metadata;
  gate: Gate;
  readiness: Readiness;
  stagingUsage: () => StagingUsage;
  about: About;
}

export function overviewRoutes(deps: OverviewDeps): Route[] {
  return [
    deps.gate.page('/admin/overview', 'How the server is', async (visit) => {
      const [backends, incidents, unfinished] = await Promise.all([
        Promise.all(
          Object.entries(deps.readiness.checks).map(
            async ([name, check]) => [name, await check().catch(() => 'unavailable')] as const,
          ),
        ),
        countIncidents(deps.metadata.read),
        countUnfinished(deps.metadata.read),
      ]);
      const overview: Overview = {
        backends,
        incidents,
        unfinished,
        staging: deps.stagingUsage(),
        version: deps.about.version,
        upMs: visit.nowMs - deps.about.startedAtMs,
      };
      return await overviewPage(visit, overview);
    }),
  ];
}
