import { accountRoutes, browserVisits, usernamesOf } from '#features/accounts/index.ts';
import { auditRoutes } from '#features/audit/index.ts';
import { cloudDeps, cloudRoutes } from '#features/cloud/index.ts';
import {
  documentJobEndings,
  documentJobRoutes,
  documentRoutes,
  documentTarget,
  documentUploadRoutes,
  sharingRoutes,
} from '#features/documents/index.ts';
import {
  bundleRoutes,
  captureRoutes,
  checkinRoutes,
  chunkRoutes,
  chunkUploadRoutes,
  deletionRoutes,
  groupBundleRoutes,
  incidentManifestShape,
  incidentRoutes,
  relayCapabilityRoutes,
  safetyCheckRoutes,
  streamManifestShape,
  streamRoutes,
  type UploadsInFlight,
  viewerTokenRoutes,
} from '#features/incidents/index.ts';
import { jobRoutes } from '#features/jobs/index.ts';
import { type DescribedApi, referenceRoutes } from '#features/reference/index.ts';
import { UploadLocks } from '#features/resumable/index.ts';
import { vaultRoutes } from '#features/vault/index.ts';
import { viewerRoutes } from '#features/viewer/index.ts';
import type { Peers } from '#http/peers.ts';
import type { RateLimiter } from '#http/rate-limits.ts';
import type { Route } from '#http/route.ts';
import type { Backends } from './backends/open-backends.ts';
import { chunkUploads } from './chunk-uploads.ts';
import type { Config } from './config.ts';

export type UploadDeps = Pick<Backends, 'metadata' | 'blobs' | 'coordinator'> & { inFlight: UploadsInFlight };
export type MainDeps = UploadDeps & {
  limiter: RateLimiter;
  peers: Peers;
};

/** Everything under /v1. */
export function apiRoutes(deps: MainDeps, config: Config): Route[] {
  const chunks = chunkUploads(deps, config);
  const locks = new UploadLocks(deps.coordinator);
  return [
    ...accountRoutes(deps, config.accounts),
    ...auditRoutes(deps),
    ...incidentRoutes(deps),
    ...checkinRoutes(deps),
    ...streamRoutes(deps),
    ...chunkRoutes(chunks),
    ...chunkUploadRoutes({ ...deps, ...chunks, locks }, config.resumable),
    ...relayCapabilityRoutes(deps, config.relayCapabilities),
    ...captureRoutes(deps),
    ...bundleRoutes(deps),
    ...groupBundleRoutes(deps),
    ...viewerTokenRoutes(deps, config.viewerTokens),
    ...safetyCheckRoutes(deps),
    ...deletionRoutes(deps),
    ...documentUploadRoutes({ ...deps, locks }, config.resumable, documentTarget(deps, config.documents)),
    ...documentRoutes(deps, config.documents),
    ...cloudRoutes(cloudDeps(deps.metadata, config.cloud)),
    ...documentJobRoutes(deps),
    ...jobRoutes({ metadata: deps.metadata, endings: documentJobEndings }),
    ...sharingRoutes(deps),
  ];
}

/** What the API reference is made from, for the server and for docs/. */
export function describedApi(routes: readonly Route[]): DescribedApi {
  return { routes, schemas: [streamManifestShape, incidentManifestShape] };
}

/** Everything on the main listener. */
export function mainRoutes(deps: MainDeps, config: Config, lineage: readonly Route[] = []): Route[] {
  const api = apiRoutes(deps, config);
  const vault = vaultRoutes(
    {
      visits: browserVisits(deps),
      peers: deps.peers,
      usernames: (ids) => usernamesOf(deps.metadata.read, ids),
      api,
    },
    config.documents,
  );
  const routes = [...api, ...lineage, ...viewerRoutes(deps, config.relayCapabilities), ...vault];
  return [...routes, ...referenceRoutes(describedApi(routes))];
}
