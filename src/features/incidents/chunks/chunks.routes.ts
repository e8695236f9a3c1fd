import { z } from 'zod';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { sendBlob } from '#http/send-blob.ts';
import { Problem } from '#kit/errors.ts';
import { incidentFor } from '../incident-access.ts';
import { isMediaType } from '../media-type.ts';
import { chunkFileName, chunkIndexOf, claimFromJson, claimJson, maxChunkIndex } from './chunk-identity.ts';
import { chunkShape, chunksJson, conflictShape, reconciliationShape, sourceJson } from './chunks.json.ts';
import { chunkByIdentity, chunksOfIncident } from './chunks.store.ts';
import type { ChunkUploads } from './put-chunk.ts';
import { reconcileChunk } from './reconcile-chunk.ts';
import { uploadRoutes } from './upload.routes.ts';

export function chunkRoutes(deps: ChunkUploads): Route[] {
  const { read } = deps.metadata;
  const tag = 'Chunks';
  return [
    ...uploadRoutes(deps),
    route({
      method: 'POST',
      path: '/v1/incidents/:incident_id/chunks/reconcile',
      summary: 'Ask whether a chunk was accepted',
      description: 'Changes nothing, and works after the incident is closed. For a client whose answer was lost.',
      tag,
      access: 'account',
      limit: 'reconcile',
      json: claimJson,
      responses: {
        200: { description: 'It was accepted exactly so', json: z.object({ reconciliation: reconciliationShape }) },
      },
      errors: [
        'incident_not_found',
        'incident_deleting',
        'chunk_not_found',
        'duplicate_chunk_conflict',
        'invalid_chunk_index',
        'invalid_media_type',
        'invalid_started_at',
        'invalid_ended_at',
        'invalid_time_range',
        'invalid_sha256_hex',
        'invalid_source_segment',
        'invalid_source_range',
      ],
      errorBodies: { duplicate_chunk_conflict: z.object({ reconciliation: conflictShape }) },
      handle: async ({ caller, json, param }) => {
        const incident = await incidentFor(read, caller, param('incident_id'));
        const { chunk, source } = await reconcileChunk(read, claimFromJson(incident.id, json), json.byte_size);
        return reply.json(200, {
          reconciliation: {
            status: 'matched',
            identity: {
              incident_id: chunk.incident_id,
              ...(chunk.stream_id === null ? {} : { stream_id: chunk.stream_id }),
              media_type: chunk.media_type,
              chunk_index: chunk.chunk_index,
            },
            chunk_id: chunk.id,
            byte_size: chunk.byte_size,
            sha256_hex: chunk.sha256_hex,
            started_at: chunk.started_at,
            ended_at: chunk.ended_at,
            created_at: chunk.created_at,
            ...sourceJson(source),
          },
        });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/incidents/:incident_id/chunks',
      summary: 'List chunks',
      tag,
      access: 'account',
      limit: 'incident_read',
      query: pageQuery,
      responses: {
        200: {
          description:
            'A page of chunks: first those without a stream, by media type and index, then stream by stream, by index',
          json: z.object({ chunks: z.array(chunkShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['incident_not_found', 'invalid_cursor'],
      handle: async ({ caller, query, param }) => {
        const incident = await incidentFor(read, caller, param('incident_id'));
        const found = await chunksOfIncident(read, incident.id, query.limit + 1, decodeCursor(query.cursor));
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { chunks: await chunksJson(read, rows), ...next });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/incidents/:incident_id/chunks/:media_type/:chunk_index',
      summary: 'Download an unstreamed chunk',
      tag,
      access: 'account',
      limit: 'download',
      responses: { 200: { description: 'The encrypted bytes', mediaType: 'application/octet-stream' } },
      errors: ['incident_not_found', 'incident_deleting', 'chunk_not_found', 'evidence_corrupt', 'storage_unavailable'],
      handle: async ({ c, caller, param }) => {
        const incident = await incidentFor(read, caller, param('incident_id'));
        if (incident.deletion_state !== 'active') throw new Problem('incident_deleting');
        const mediaType = param('media_type');
        const index = chunkIndexOf(param('chunk_index'));
        if (!isMediaType(mediaType) || !(index <= maxChunkIndex)) throw new Problem('chunk_not_found');
        const identity = { incidentId: incident.id, streamId: null, mediaType, chunkIndex: index };
        const chunk = await chunkByIdentity(read, identity);
        if (chunk === undefined) throw new Problem('chunk_not_found');
        return await sendBlob(c, deps.blobs, chunk, `${incident.id}_${chunkFileName(mediaType, index)}`);
      },
    }),
  ];
}
