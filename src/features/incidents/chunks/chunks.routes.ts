import { z } from 'zod';
import { parseIdempotencyKey } from '#http/idempotency-key.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import { receiveForm } from '#http/receive-form.ts';
import * as reply from '#http/reply.ts';
import { parseReprDigest } from '#http/repr-digest.ts';
import { type HttpContext, type Route, route } from '#http/route.ts';
import { sendBlob } from '#http/send-blob.ts';
import type { ErrorCode } from '#kit/error-codes.ts';
import { Problem } from '#kit/errors.ts';
import { incidentFor } from '../incident-access.ts';
import { isMediaType } from '../media-type.ts';
import { type AppendDeps, type Appended, type AppendInput, appendChunk } from './append-chunk.ts';
import { authoriseUpload } from './authorise-upload.ts';
import {
  type ChunkClaim,
  type ClaimText,
  chunkFileName,
  chunkIndexOf,
  claimFromJson,
  claimJson,
  maxChunkIndex,
  parseClaim,
} from './chunk-identity.ts';
import { type ChunkSource, parseSource, type SourceText } from './chunk-source.ts';
import type { ChunkConfig } from './chunks.config.ts';
import { chunkJson, chunkShape, conflictShape, reconciliationShape } from './chunks.json.ts';
import { chunkByIdentity, chunksOfIncident, type EarlierUpload } from './chunks.store.ts';
import { reconcileChunk } from './reconcile-chunk.ts';
import { authoriseSource } from './source-place.ts';

const formFields = [
  'stream_id',
  'chunk_index',
  'media_type',
  'started_at',
  'ended_at',
  'sha256_hex',
  'original_filename',
  'source_segment_id',
  'source_sequence',
  'source_started_at',
  'source_ended_at',
  'context_digest',
] as const;

function claimText(fields: Partial<Record<(typeof formFields)[number], string>>): ClaimText {
  return {
    streamId: fields.stream_id,
    chunkIndex: fields.chunk_index,
    mediaType: fields.media_type,
    startedAt: fields.started_at,
    endedAt: fields.ended_at,
    sha256Hex: fields.sha256_hex,
    originalFilename: fields.original_filename,
  };
}

/** An empty field of a form is none. */
function sourceText(fields: Partial<Record<(typeof formFields)[number], string>>): SourceText {
  return {
    segmentId: fields.source_segment_id || undefined,
    sequence: fields.source_sequence || undefined,
    startedAt: fields.source_started_at || undefined,
    endedAt: fields.source_ended_at || undefined,
    contextDigest: fields.context_digest || undefined,
  };
}

const sourceHeaders = {
  'Proofline-Source-Segment': {
    description: 'Id of the source segment; in a stream of a capture group, with the next three',
  },
  'Proofline-Source-Sequence': { description: 'Its number within the capture group' },
  'Proofline-Source-Started-At': { description: 'RFC 3339, on the clock of the source' },
  'Proofline-Source-Ended-At': { description: 'RFC 3339, after the start' },
  'Proofline-Context-Digest': {
    description: 'SHA-256 of the sealed context that belongs to the chunk, 64 lower-case hexadecimal digits',
  },
};

/** A form's boundaries and fields come on top of the file. Bytes. */
const formOverheadBytes = 32 * 1024;

const uploadErrors: readonly ErrorCode[] = [
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

const idempotencyHeader = {
  'Idempotency-Key': {
    description:
      '1 to 255 visible ASCII characters. The same key with the same chunk is answered from the first result; with anything else it is a conflict.',
  },
};

const uploadResponses = {
  201: { description: 'Accepted: bytes and row are on durable storage', json: chunkShape },
  200: {
    description: 'An equivalent request under this key was accepted before; this is its answer',
    json: chunkShape,
    headers: { 'Idempotency-Replayed': 'true' },
  },
};

function uploadReply({ chunk, replayed }: Appended): Response {
  return replayed
    ? reply.json(200, chunkJson(chunk), { 'Idempotency-Replayed': 'true' })
    : reply.json(201, chunkJson(chunk));
}

function withSource(claim: ChunkClaim, source: ChunkSource | undefined): ChunkClaim {
  return source === undefined ? claim : { ...claim, source };
}

function declaredBytes(c: HttpContext): number | undefined {
  const header = c.env.incoming.headers['content-length'];
  return header === undefined ? undefined : Number(header);
}

export function chunkRoutes(deps: AppendDeps, config: ChunkConfig & { committedQuotaBytes: number }): Route[] {
  const { read } = deps.metadata;
  const tag = 'Chunks';
  const limits = { maxUploadBytes: config.maxUploadBytes, defaultQuotaBytes: config.committedQuotaBytes };

  const append = async (input: Omit<AppendInput, 'defaultQuotaBytes'>) => {
    try {
      return uploadReply(await appendChunk(deps, { ...input, defaultQuotaBytes: limits.defaultQuotaBytes }));
    } finally {
      await input.body.discard();
    }
  };

  return [
    route({
      method: 'PUT',
      path: '/v1/incidents/:incident_id/streams/:stream_id/chunks/:chunk_index',
      summary: 'Upload a chunk of a stream',
      description: 'The body is the ciphertext. The way in for new clients: the rules of the form, without its cost.',
      tag,
      access: 'account',
      limit: 'upload',
      headers: {
        'Repr-Digest': { description: '`sha-256=:base64:` of the body (RFC 9530)', required: true },
        'Proofline-Started-At': { description: 'RFC 3339', required: true },
        'Proofline-Ended-At': { description: 'RFC 3339, not before the start', required: true },
        ...sourceHeaders,
        ...idempotencyHeader,
      },
      body: { mediaType: 'application/octet-stream', description: 'The encrypted chunk' },
      responses: uploadResponses,
      errors: uploadErrors,
      handle: async ({ c, caller, param }) => {
        const { headers } = c.env.incoming;
        const idempotencyKey = parseIdempotencyKey(headers['idempotency-key']);
        const declared = declaredBytes(c);
        const [incidentId, streamId] = [param('incident_id'), param('stream_id')];
        const chunkIndex = param('chunk_index');
        const index = chunkIndexOf(chunkIndex);
        const authorised = await authoriseUpload(deps, caller, {
          incidentId,
          streamId,
          place: index <= maxChunkIndex ? { incidentId, streamId, chunkIndex: index } : undefined,
          idempotencyKey,
          declaredBytes: declared ?? 0,
          ...limits,
        });
        const { mediaType, earlier } = authorised;
        const claim = parseClaim(incidentId, {
          streamId,
          chunkIndex,
          mediaType,
          startedAt: c.req.header('proofline-started-at'),
          endedAt: c.req.header('proofline-ended-at'),
          sha256Hex: parseReprDigest(headers['repr-digest']),
          originalFilename: undefined,
        });
        const source = parseSource(
          {
            segmentId: c.req.header('proofline-source-segment'),
            sequence: c.req.header('proofline-source-sequence'),
            startedAt: c.req.header('proofline-source-started-at'),
            endedAt: c.req.header('proofline-source-ended-at'),
            contextDigest: c.req.header('proofline-context-digest'),
          },
          { nowMs: Date.now(), skewMs: config.sourceClockSkewMs },
        );
        await authoriseSource(read, authorised, streamId, source);
        const body = await deps.blobs.staging.receive(c.env.incoming, {
          maxBytes: config.maxUploadBytes,
          ...(declared === undefined ? {} : { declaredBytes: declared }),
        });
        return await append({
          claim: withSource(claim, source),
          body,
          accountId: caller.accountId,
          idempotencyKey,
          earlier,
        });
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
        fields: {
          file: 'The encrypted chunk (required)',
          stream_id: 'The stream; absent for an unstreamed chunk',
          chunk_index: 'From 1 in a stream, from 0 without one (required)',
          media_type: 'audio, video, location or metadata (required)',
          started_at: 'RFC 3339 (required)',
          ended_at: 'RFC 3339, not before started_at (required)',
          sha256_hex: 'SHA-256 of the file, 64 lower-case hexadecimal digits (required)',
          original_filename: 'For display; only the last segment is kept',
          source_segment_id: 'The source segment; in a stream of a capture group, with the next three',
          source_sequence: 'Its number within the capture group',
          source_started_at: 'RFC 3339, on the clock of the source',
          source_ended_at: 'RFC 3339, after source_started_at',
          context_digest: 'SHA-256 of the sealed context that belongs to the chunk',
        },
      },
      responses: uploadResponses,
      errors: [...uploadErrors, 'invalid_multipart', 'missing_file', 'duplicate_file'],
      handle: async ({ c, caller, param }) => {
        const idempotencyKey = parseIdempotencyKey(c.env.incoming.headers['idempotency-key']);
        const incidentId = param('incident_id');
        const expectedBytes = Math.max(0, (declaredBytes(c) ?? 0) - formOverheadBytes);
        await authoriseUpload(deps, caller, {
          incidentId,
          streamId: null,
          place: undefined,
          idempotencyKey,
          declaredBytes: expectedBytes,
          ...limits,
        });
        deps.blobs.staging.assertRoom(expectedBytes);
        const form = await receiveForm(
          c.env.incoming,
          deps.blobs.staging,
          { maxBytes: config.maxUploadBytes },
          formFields,
        );
        let claim: ChunkClaim;
        let earlier: EarlierUpload;
        try {
          const source = parseSource(sourceText(form.fields), { nowMs: Date.now(), skewMs: config.sourceClockSkewMs });
          claim = withSource(parseClaim(incidentId, claimText(form.fields)), source);
          const authorised = await authoriseUpload(deps, caller, {
            incidentId,
            streamId: claim.streamId,
            place: claim,
            idempotencyKey,
            declaredBytes: form.body.byteSize,
            ...limits,
          });
          const { mediaType } = authorised;
          await authoriseSource(read, authorised, claim.streamId, source);
          earlier = authorised.earlier;
          if (mediaType !== undefined && mediaType !== claim.mediaType) throw new Problem('stream_media_type_mismatch');
        } catch (error) {
          await form.body.discard();
          throw error;
        }
        return await append({ claim, body: form.body, accountId: caller.accountId, idempotencyKey, earlier });
      },
    }),
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
      ],
      errorBodies: { duplicate_chunk_conflict: z.object({ reconciliation: conflictShape }) },
      handle: async ({ caller, json, param }) => {
        const incident = await incidentFor(read, caller, param('incident_id'));
        const chunk = await reconcileChunk(read, claimFromJson(incident.id, json), json.byte_size);
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
        return reply.json(200, { chunks: rows.map(chunkJson), ...next });
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
