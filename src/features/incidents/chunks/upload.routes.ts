import { parseIdempotencyKey } from '#http/idempotency-key.ts';
import { receiveForm } from '#http/receive-form.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import type { ErrorCode } from '#kit/error-codes.ts';
import { type Appended, appendChunk } from './append-chunk.ts';
import { authoriseUpload } from './authorise-upload.ts';
import { claimText, formFieldDescriptions, formFields, formOverheadBytes, sourceText } from './chunk-form.ts';
import { chunkJson, chunkShape } from './chunks.json.ts';
import { judgeOffer } from './judge-offer.ts';
import { type ChunkUploads, declaredBytes, idempotencyHeader, putChunk, putHeaders } from './put-chunk.ts';

/** Of every way in for chunks. */
export const uploadErrors: readonly ErrorCode[] = [
  'incident_not_found',
  'stream_not_found',
  'incident_closed',
  'incident_deleting',
  'stream_not_open',
  'stream_media_type_mismatch',
  'invalid_chunk_index',
  'invalid_media_type',
  'invalid_started_at',
  'invalid_ended_at',
  'invalid_time_range',
  'invalid_sha256_hex',
  'invalid_source_segment',
  'invalid_source_range',
  'source_clock_skew',
  'source_mismatch',
  'source_segment_conflict',
  'invalid_idempotency_key',
  'hash_mismatch',
  'length_mismatch',
  'duplicate_chunk',
  'duplicate_chunk_conflict',
  'idempotency_conflict',
  'upload_in_progress',
  'upload_too_large',
  'quota_exceeded',
  'staging_full',
  'storage_full',
  'storage_unavailable',
  'coordination_unavailable',
];

export const uploadResponses = {
  201: { description: 'Accepted: bytes and row are on durable storage', json: chunkShape },
  200: {
    description: 'An equivalent request under this key was accepted before; this is its answer',
    json: chunkShape,
    headers: { 'Idempotency-Replayed': 'true' },
  },
};

export function uploadReply({ chunk, replayed, source }: Appended): Response {
  return replayed
    ? reply.json(200, chunkJson(chunk, source), { 'Idempotency-Replayed': 'true' })
    : reply.json(201, chunkJson(chunk, source));
}

/** The two ways in for whole chunks. */
export function uploadRoutes(uploads: ChunkUploads): Route[] {
  const { config } = uploads;
  const tag = 'Chunks';
  const limits = { maxUploadBytes: config.maxUploadBytes, defaultQuotaBytes: config.committedQuotaBytes };
  return [
    route({
      method: 'PUT',
      path: '/v1/incidents/:incident_id/streams/:stream_id/chunks/:chunk_index',
      summary: 'Upload a chunk of a stream',
      description: 'The body is the ciphertext. The way in for new clients: the rules of the form, without its cost.',
      tag,
      access: 'account',
      limit: 'upload',
      headers: putHeaders,
      body: { mediaType: 'application/octet-stream', description: 'The encrypted chunk' },
      responses: uploadResponses,
      errors: uploadErrors,
      handle: async ({ c, caller, param }) => {
        const place = {
          incidentId: param('incident_id'),
          streamId: param('stream_id'),
          chunkIndex: param('chunk_index'),
        };
        return uploadReply(await putChunk(uploads, caller, place, c.env.incoming));
      },
    }),
    route({
      method: 'POST',
      path: '/v1/incidents/:incident_id/chunks',
      summary: 'Upload a chunk as a form',
      description: 'The file may come before or after the fields.',
      tag,
      access: 'account',
      limit: 'upload',
      headers: idempotencyHeader,
      body: {
        mediaType: 'multipart/form-data',
        description: 'One file and its fields, each at most once',
        fields: formFieldDescriptions,
      },
      responses: uploadResponses,
      errors: [...uploadErrors, 'invalid_multipart', 'missing_file', 'duplicate_file'],
      handle: async ({ c, caller, param }) => {
        const idempotencyKey = parseIdempotencyKey(c.env.incoming.headers['idempotency-key']);
        const incidentId = param('incident_id');
        const expectedBytes = Math.max(0, (declaredBytes(c.env.incoming) ?? 0) - formOverheadBytes);
        await authoriseUpload(uploads, caller, {
          incidentId,
          idempotencyKey,
          ...limits,
          streamId: null,
          place: undefined,
          declaredBytes: expectedBytes,
        });
        const { staging } = uploads.blobs;
        staging.assertRoom(expectedBytes);
        const form = await receiveForm(c.env.incoming, staging, { maxBytes: config.maxUploadBytes }, formFields);
        try {
          const claim = claimText(form.fields);
          const judged = await judgeOffer(uploads, caller, {
            incidentId,
            // A form says its media type, also in a stream.
            claim: { ...claim, mediaType: claim.mediaType ?? '' },
            source: sourceText(form.fields),
            idempotencyKey,
            byteSize: form.body.byteSize,
          });
          const input = { ...judged, body: form.body, accountId: caller.accountId };
          return uploadReply(await appendChunk(uploads, { ...input, defaultQuotaBytes: limits.defaultQuotaBytes }));
        } finally {
          await form.body.discard();
        }
      },
    }),
  ];
}
