import { type Route, route } from '#http/route.ts';
import { incidentFor } from '../incident-access.ts';
import { type BundleDeps, incidentBundle, streamBundle } from './build-bundle.ts';
import { sendBundle } from './send-bundle.ts';

const zipResponse = {
  200: {
    description: 'A ZIP archive of stored entries. It is complete only if all of Content-Length arrives.',
    mediaType: 'application/zip',
  },
};

export function bundleRoutes(deps: BundleDeps): Route[] {
  const tag = 'Bundles';
  return [
    route({
      method: 'GET',
      path: '/v1/incidents/:incident_id/streams/:stream_id/download',
      summary: 'Download a complete stream',
      tag,
      access: 'account',
      limit: 'download',
      responses: zipResponse,
      errors: [
        'incident_not_found',
        'incident_deleting',
        'stream_not_found',
        'stream_not_complete',
        'incident_bundle_inconsistent',
        'storage_unavailable',
      ],
      handle: async ({ c, caller, param }) => {
        const incident = await incidentFor(deps.metadata.read, caller, param('incident_id'));
        return await sendBundle(c, await streamBundle(deps, incident, param('stream_id')));
      },
    }),
    route({
      method: 'GET',
      path: '/v1/incidents/:incident_id/download',
      summary: 'Download all complete streams of an incident',
      tag,
      access: 'account',
      limit: 'download',
      responses: zipResponse,
      errors: ['incident_not_found', 'incident_deleting', 'incident_bundle_inconsistent', 'storage_unavailable'],
      handle: async ({ c, caller, param }) => {
        const incident = await incidentFor(deps.metadata.read, caller, param('incident_id'));
        return await sendBundle(c, await incidentBundle(deps, incident));
      },
    }),
  ];
}
