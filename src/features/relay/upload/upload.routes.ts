import { z } from 'zod';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import type { ErrorCode } from '#kit/error-codes.ts';
import type { Forwarded } from '../core/core-client.ts';
import { declaredChunk } from './declared-chunk.ts';
import { type RelayChunkDeps, relayChunk } from './relay-chunk.ts';

export interface RelayUploads extends RelayChunkDeps {
  maxUploadBytes: number;
}

/** Of the relay itself; whatever the core refuses comes on top, as it stands. */
const errors: readonly ErrorCode[] = [
  'relay_capability_invalid',
  'incident_not_found',
  'stream_not_found',
  'invalid_chunk_index',
  'invalid_idempotency_key',
  'invalid_sha256_hex',
  'invalid_started_at',
  'invalid_ended_at',
  'length_mismatch',
  'hash_mismatch',
  'upload_too_large',
  'staging_full',
  'storage_full',
  'storage_unavailable',
  'relay_core_unavailable',
];

export function relayUploadRoutes(deps: RelayUploads): Route[] {
  return [
    route({
      method: 'PUT',
      path: '/relay/v1/incidents/:incident_id/streams/:stream_id/chunks/:chunk_index',
      summary: 'Upload a chunk of a stream through a relay',
      description:
        'On the listener of a relay. The bearer is an upload capability; headers and answers are those of the same PUT under /v1, and an answer with success is the answer of the server itself.',
      tag: 'Relay',
      access: 'anyone',
      limit: 'relay_upload',
      body: { mediaType: 'application/octet-stream', description: 'The encrypted chunk' },
      responses: {
        201: { description: 'Accepted by the server: bytes and row are on durable storage', json: z.looseObject({}) },
        200: {
          description: 'An equivalent request under this key was accepted before',
          json: z.looseObject({}),
          headers: { 'Idempotency-Replayed': 'true' },
        },
      },
      errors,
      handle: async ({ c, param }) => {
        const { incoming } = c.env;
        const place = {
          incidentId: param('incident_id'),
          streamId: param('stream_id'),
          chunkIndex: param('chunk_index'),
        };
        const chunk = declaredChunk(place, incoming.headers, deps.maxUploadBytes);
        return answer(await relayChunk(deps, chunk, incoming));
      },
    }),
  ];
}

function answer(forwarded: Forwarded): Response {
  if (forwarded.refusal === undefined) {
    const { chunk, replayed } = forwarded;
    return replayed ? reply.json(200, chunk, { 'Idempotency-Replayed': 'true' }) : reply.json(201, chunk);
  }
  const { status, body, retryAfter } = forwarded.refusal;
  return reply.json(status, body, {
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
  });
}
