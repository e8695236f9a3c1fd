import { z } from 'zod';
import { optionalText } from '#http/check.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { parseVariant, variantShape } from '../captures/variant.ts';
import { assertNotDeleting, incidentFor } from '../incident-access.ts';
import { mediaTypeShape } from '../media-type.ts';
import { completeStream } from './complete-stream.ts';
import { streamJson, streamShape } from './streams.json.ts';
import { type StreamRow, streamOf, streamsOf } from './streams.store.ts';
import { createStreamTransaction, failStreamTransaction } from './streams.transactions.ts';

const one = z.object({ stream: streamShape });

export function streamRoutes(deps: { metadata: Metadata; blobs: BlobStore }): Route[] {
  const { metadata } = deps;
  const tag = 'Streams';
  return [
    route({
      method: 'POST',
      path: '/v1/incidents/:incident_id/streams',
      summary: 'Open a stream',
      tag,
      access: 'account',
      limit: 'stream',
      json: z.strictObject({ media_type: mediaTypeShape, label: optionalText(200), ...variantShape.partial().shape }),
      responses: { 201: { description: 'Opened', json: one } },
      errors: [
        'incident_not_found',
        'incident_closed',
        'incident_deleting',
        'invalid_media_type',
        'invalid_variant',
        'capture_group_not_found',
      ],
      handle: async ({ caller, json, param }) => {
        const incident = await incidentFor(metadata.read, caller, param('incident_id'));
        const variant = parseVariant(json, json.media_type);
        const now = Date.now();
        const stream: StreamRow = {
          id: newId('str', now),
          incident_id: incident.id,
          media_type: json.media_type,
          label: json.label ?? null,
          status: 'open',
          expected_chunk_count: null,
          chunk_count: 0,
          byte_count: 0,
          latest_chunk_id: null,
          created_at: timestamp(now),
          updated_at: timestamp(now),
          completed_at: null,
          failed_at: null,
          failure_reason: null,
          ...variant,
        };
        await metadata.write(createStreamTransaction, stream);
        return reply.json(201, { stream: streamJson(stream) });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/incidents/:incident_id/streams',
      summary: 'List streams',
      tag,
      access: 'account',
      limit: 'incident_read',
      responses: {
        200: { description: 'All streams of the incident', json: z.object({ streams: z.array(streamShape) }) },
      },
      errors: ['incident_not_found'],
      handle: async ({ caller, param }) => {
        const incident = await incidentFor(metadata.read, caller, param('incident_id'));
        return reply.json(200, { streams: (await streamsOf(metadata.read, incident.id)).map(streamJson) });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/incidents/:incident_id/streams/:stream_id',
      summary: 'One stream',
      tag,
      access: 'account',
      limit: 'incident_read',
      responses: { 200: { description: 'The stream', json: one } },
      errors: ['incident_not_found', 'stream_not_found'],
      handle: async ({ caller, param }) => {
        const incident = await incidentFor(metadata.read, caller, param('incident_id'));
        return reply.json(200, { stream: streamJson(await streamOf(metadata.read, incident.id, param('stream_id'))) });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/incidents/:incident_id/streams/:stream_id/complete',
      summary: 'Complete a stream',
      description: 'Chunks 1 to `expected_chunk_count` must be there, each with readable bytes.',
      tag,
      access: 'account',
      limit: 'stream',
      json: z.strictObject({
        expected_chunk_count: z
          .number()
          .int()
          .min(1)
          .max(2 ** 31 - 1)
          .describe('Chunks 1 to this number make up the stream'),
      }),
      responses: { 200: { description: 'Complete', json: one } },
      errors: [
        'incident_not_found',
        'incident_deleting',
        'stream_not_found',
        'stream_already_complete',
        'stream_failed',
        'stream_chunks_incomplete',
        'stream_chunks_not_contiguous',
        'stream_chunk_file_missing',
        'storage_unavailable',
      ],
      handle: async ({ caller, json, param }) => {
        const incident = await incidentFor(metadata.read, caller, param('incident_id'));
        // Judged before the blobs are looked up too: those of an incident under deletion are on their way out.
        assertNotDeleting(incident);
        const stream = await completeStream(deps, {
          incidentId: incident.id,
          streamId: param('stream_id'),
          expectedChunkCount: json.expected_chunk_count,
        });
        return reply.json(200, { stream: streamJson(stream) });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/incidents/:incident_id/streams/:stream_id/fail',
      summary: 'Give a stream up',
      description: 'Its chunks are kept: they are evidence.',
      tag,
      access: 'account',
      limit: 'stream',
      json: z.strictObject({ failure_reason: optionalText(500) }),
      jsonOptional: true,
      responses: { 200: { description: 'Failed', json: one } },
      errors: [
        'incident_not_found',
        'incident_deleting',
        'stream_not_found',
        'stream_already_complete',
        'stream_failed',
      ],
      handle: async ({ caller, json, param }) => {
        const incident = await incidentFor(metadata.read, caller, param('incident_id'));
        const stream = await metadata.write(failStreamTransaction, {
          incidentId: incident.id,
          streamId: param('stream_id'),
          failureReason: json.failure_reason ?? null,
          at: timestamp(Date.now()),
        });
        return reply.json(200, { stream: streamJson(stream) });
      },
    }),
  ];
}
