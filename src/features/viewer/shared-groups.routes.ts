import {
  bundleQuery,
  groupBundle,
  groupManifestShape,
  groupManifestText,
  incidentOfViewerToken,
  sendBundle,
} from '#features/incidents/index.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';

/** What the owner gets of a capture group, for who has the link: a manifest says nothing of accounts. */
export function sharedGroupRoutes(
  deps: { metadata: Metadata; blobs: BlobStore },
  prefix: '/i' | '/e',
  isAlias: boolean,
): Route[] {
  const { read } = deps.metadata;
  const path = `${prefix}/:token/capture-groups/:capture_group_id`;
  return [
    route({
      method: 'GET',
      path: `${path}/manifest`,
      summary: 'The manifest of a capture group',
      tag: 'Viewer',
      access: 'anyone',
      limit: 'viewer_data',
      query: bundleQuery,
      responses: { 200: { description: 'What was confirmed, and what is chosen of it', json: groupManifestShape } },
      errors: ['incident_token_invalid', 'capture_group_not_found', 'incident_bundle_inconsistent'],
      hidden: isAlias,
      handle: async ({ param, query }) => {
        const incident = await incidentOfViewerToken(read, param('token'));
        const groupId = param('capture_group_id');
        return reply.jsonText(200, await groupManifestText(read, { incident, groupId, kind: query.kind }));
      },
    }),
    route({
      method: 'GET',
      path: `${path}/download`,
      summary: 'Download a capture group',
      tag: 'Viewer',
      access: 'anyone',
      limit: 'viewer_download',
      query: bundleQuery,
      responses: { 200: { description: 'A ZIP archive of stored entries', mediaType: 'application/zip' } },
      errors: [
        'incident_token_invalid',
        'capture_group_not_found',
        'incident_bundle_inconsistent',
        'storage_unavailable',
      ],
      hidden: isAlias,
      handle: async ({ c, param, query }) => {
        const incident = await incidentOfViewerToken(read, param('token'));
        const groupId = param('capture_group_id');
        return await sendBundle(c, await groupBundle(deps, { incident, groupId, kind: query.kind }));
      },
    }),
  ];
}
