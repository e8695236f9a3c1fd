import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { incidentFor } from '../incident-access.ts';
import type { BundleDeps } from './build-bundle.ts';
import { groupBundle, groupManifestText } from './group-bundle.ts';
import { bundleQuery, groupManifestShape } from './group-manifest.json.ts';
import { sendBundle } from './send-bundle.ts';

const path = '/v1/incidents/:incident_id/capture-groups/:capture_group_id';

export function groupBundleRoutes(deps: BundleDeps): Route[] {
  const { read } = deps.metadata;
  const tag = 'Bundles';
  return [
    route({
      method: 'GET',
      path: `${path}/manifest`,
      summary: 'The manifest of a capture group',
      description: 'As the bundle of that kind has it, to the byte: the same as long as nothing of the group changes.',
      tag,
      access: 'account',
      limit: 'incident_read',
      query: bundleQuery,
      responses: { 200: { description: 'What was confirmed, and what is chosen of it', json: groupManifestShape } },
      errors: ['incident_not_found', 'incident_deleting', 'capture_group_not_found', 'incident_bundle_inconsistent'],
      handle: async ({ caller, param, query }) => {
        const incident = await incidentFor(read, caller, param('incident_id'));
        const groupId = param('capture_group_id');
        return reply.jsonText(200, await groupManifestText(read, { incident, groupId, kind: query.kind }));
      },
    }),
    route({
      method: 'GET',
      path: `${path}/download`,
      summary: 'Download a capture group',
      description:
        'Also what open and failed streams have, unless the kind is `completed`; the manifest says what is missing.',
      tag,
      access: 'account',
      limit: 'download',
      query: bundleQuery,
      responses: {
        200: {
          description: 'A ZIP archive of stored entries. It is complete only if all of Content-Length arrives.',
          mediaType: 'application/zip',
        },
      },
      errors: [
        'incident_not_found',
        'incident_deleting',
        'capture_group_not_found',
        'incident_bundle_inconsistent',
        'storage_unavailable',
      ],
      handle: async ({ c, caller, param, query }) => {
        const incident = await incidentFor(read, caller, param('incident_id'));
        const groupId = param('capture_group_id');
        return await sendBundle(c, await groupBundle(deps, { incident, groupId, kind: query.kind }));
      },
    }),
  ];
}
