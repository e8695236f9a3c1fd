import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Caller } from '#http/caller.ts';
import { parseIdempotencyKey } from '#http/idempotency-key.ts';
import { parseReprDigest } from '#http/repr-digest.ts';
import type { HeaderShape } from '#http/route.ts';
import { type AppendDeps, type Appended, appendChunk } from './append-chunk.ts';
import { type JudgedOffer, judgeOffer, type OfferDeps } from './judge-offer.ts';

export type ChunkUploads = AppendDeps & OfferDeps;

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

/** Everything that path and headers say, judged before the body. Throws as judgeOffer. */
export async function authorisePut(
  uploads: ChunkUploads,
  caller: Caller,
  { incidentId, streamId, chunkIndex }: PutPlace,
  headers: IncomingHttpHeaders,
  declaredBytes: number,
): Promise<JudgedOffer> {
  const said = (name: string) => headers[name]?.toString();
  return await judgeOffer(uploads, caller, {
    incidentId,
    claim: {
      streamId,
      chunkIndex,
      mediaType: undefined,
      startedAt: said('proofline-started-at'),
      endedAt: said('proofline-ended-at'),
      sha256Hex: parseReprDigest(headers['repr-digest']),
      originalFilename: undefined,
    },
    source: {
      segmentId: said('proofline-source-segment'),
      sequence: said('proofline-source-sequence'),
      startedAt: said('proofline-source-started-at'),
      endedAt: said('proofline-source-ended-at'),
      contextDigest: said('proofline-context-digest'),
    },
    idempotencyKey: parseIdempotencyKey(headers['idempotency-key']),
    byteSize: declaredBytes,
  });
}

/**
 * The whole way of a chunk whose body is the request's: authorised, staged, committed. `known` is what authorisePut found for it a moment
 * before; all of it is judged again when the chunk is recorded. Throws as authorisePut and appendChunk.
 */
export async function putChunk(
  uploads: ChunkUploads,
  caller: Caller,
  place: PutPlace,
  incoming: IncomingMessage,
  known?: JudgedOffer,
): Promise<Appended> {
  const { config, blobs } = uploads;
  const declared = declaredBytes(incoming);
  const authorised = known ?? (await authorisePut(uploads, caller, place, incoming.headers, declared ?? 0));
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
