import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Caller } from '#http/caller.ts';
import { parseIdempotencyKey } from '#http/idempotency-key.ts';
import { parseReprDigest } from '#http/repr-digest.ts';
import type { HeaderShape } from '#http/route.ts';
import { type AppendDeps, type Appended, appendChunk } from './append-chunk.ts';
import { authoriseUpload } from './authorise-upload.ts';
import { type ChunkClaim, chunkIndexOf, maxChunkIndex, parseClaim, withSource } from './chunk-identity.ts';
import { parseSource } from './chunk-source.ts';
import type { ChunkConfig } from './chunks.config.ts';
import type { EarlierUpload } from './chunks.store.ts';
import { authoriseSource } from './source-place.ts';

export interface ChunkUploads extends AppendDeps {
  config: ChunkConfig & { committedQuotaBytes: number };
}

/** The path of a PUT, as text. */
export interface PutPlace {
  incidentId: string;
  streamId: string;
  chunkIndex: string;
}

export const idempotencyHeader: Record<string, HeaderShape> = {
  'Idempotency-Key': {
    description:
      '1 to 255 visible ASCII characters. The same key with the same chunk is answered from the first result; with anything else it is a conflict.',
  },
};

/** What a PUT says of its chunk. */
export const putHeaders: Record<string, HeaderShape> = {
  'Repr-Digest': { description: '`sha-256=:base64:` of the body (RFC 9530)', required: true },
  'Proofline-Started-At': { description: 'RFC 3339', required: true },
  'Proofline-Ended-At': { description: 'RFC 3339, not before the start', required: true },
  'Proofline-Source-Segment': {
    description: 'Id of the source segment; in a stream of a capture group, with the next three',
  },
  'Proofline-Source-Sequence': { description: 'Its number within the capture group' },
  'Proofline-Source-Started-At': { description: 'RFC 3339, on the clock of the source' },
  'Proofline-Source-Ended-At': { description: 'RFC 3339, after the start' },
  'Proofline-Context-Digest': {
    description: 'SHA-256 of the sealed context that belongs to the chunk, 64 lower-case hexadecimal digits',
  },
  ...idempotencyHeader,
};

export interface AuthorisedPut {
  claim: ChunkClaim;
  idempotencyKey: string | undefined;
  /** As it stands now: an accepted chunk, or a used key. */
  earlier: EarlierUpload;
}

/**
 * Everything that path and headers say, judged before the body. Throws what authoriseUpload, parseClaim, parseSource and authoriseSource
 * throw.
 */
export async function authorisePut(
  uploads: ChunkUploads,
  caller: Caller,
  place: PutPlace,
  headers: IncomingHttpHeaders,
  declaredBytes: number,
): Promise<AuthorisedPut> {
  const { config } = uploads;
  const { incidentId, streamId } = place;
  const idempotencyKey = parseIdempotencyKey(headers['idempotency-key']);
  const index = chunkIndexOf(place.chunkIndex);
  const authorised = await authoriseUpload(uploads, caller, {
    incidentId,
    streamId,
    place: index <= maxChunkIndex ? { incidentId, streamId, chunkIndex: index } : undefined,
    idempotencyKey,
    declaredBytes,
    maxUploadBytes: config.maxUploadBytes,
    defaultQuotaBytes: config.committedQuotaBytes,
  });
  const said = (name: string) => headers[name]?.toString();
  const claim = parseClaim(incidentId, {
    streamId,
    chunkIndex: place.chunkIndex,
    mediaType: authorised.mediaType,
    startedAt: said('proofline-started-at'),
    endedAt: said('proofline-ended-at'),
    sha256Hex: parseReprDigest(headers['repr-digest']),
    originalFilename: undefined,
  });
  const source = parseSource(
    {
      segmentId: said('proofline-source-segment'),
      sequence: said('proofline-source-sequence'),
      startedAt: said('proofline-source-started-at'),
      endedAt: said('proofline-source-ended-at'),
      contextDigest: said('proofline-context-digest'),
    },
    { nowMs: Date.now(), skewMs: config.sourceClockSkewMs },
  );
  await authoriseSource(uploads.metadata.read, authorised, streamId, source);
  return { claim: withSource(claim, source), idempotencyKey, earlier: authorised.earlier };
}

/** The whole way of a chunk whose body is the request's: authorised, staged, committed. Throws as authorisePut and appendChunk. */
export async function putChunk(
  uploads: ChunkUploads,
  caller: Caller,
  place: PutPlace,
  incoming: IncomingMessage,
): Promise<Appended> {
  const { config, blobs } = uploads;
  const declared = declaredBytes(incoming);
  const authorised = await authorisePut(uploads, caller, place, incoming.headers, declared ?? 0);
  const body = await blobs.staging.receive(incoming, {
    maxBytes: config.maxUploadBytes,
    ...(declared === undefined ? {} : { declaredBytes: declared }),
  });
  try {
    return await appendChunk(uploads, {
      ...authorised,
      body,
      accountId: caller.accountId,
      defaultQuotaBytes: config.committedQuotaBytes,
    });
  } finally {
    await body.discard();
  }
}

export function declaredBytes({ headers }: IncomingMessage): number | undefined {
  const header = headers['content-length'];
  return header === undefined ? undefined : Number(header);
}
