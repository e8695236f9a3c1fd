import type { IncomingHttpHeaders } from 'node:http';
import { bearerToken } from '#http/caller.ts';
import { parseIdempotencyKey } from '#http/idempotency-key.ts';
import { parseReprDigest } from '#http/repr-digest.ts';
import { Problem } from '#kit/errors.ts';
import { isId } from '#kit/ids.ts';
import { parseTimestamp } from '#kit/time.ts';

/** What path and headers of an upload say. Cheap words only: what they are worth, the core alone knows. */
export interface DeclaredChunk {
  incidentId: string;
  streamId: string;
  chunkIndex: number;
  byteSize: number;
  sha256Hex: string;
  startedAt: string;
  endedAt: string;
  capability: string;
  /** Those that go on to the core, as the client wrote them. */
  headers: Record<string, string>;
}

export interface ChunkPlace {
  incidentId: string;
  streamId: string;
  chunkIndex: string;
}

const passedOn = [
  'repr-digest',
  'proofline-started-at',
  'proofline-ended-at',
  'proofline-source-segment',
  'proofline-source-sequence',
  'proofline-source-started-at',
  'proofline-source-ended-at',
  'proofline-context-digest',
  'idempotency-key',
];

/** Throws the code of the first word that cannot be right. */
export function declaredChunk(place: ChunkPlace, headers: IncomingHttpHeaders, maxBytes: number): DeclaredChunk {
  const capability = bearerToken(headers.authorization);
  if (capability === undefined) throw new Problem('relay_capability_invalid');
  if (!isId('inc', place.incidentId)) throw new Problem('incident_not_found');
  if (!isId('str', place.streamId)) throw new Problem('stream_not_found');
  const chunkIndex = /^\d{1,10}$/.test(place.chunkIndex) ? Number(place.chunkIndex) : 0;
  if (chunkIndex < 1) throw new Problem('invalid_chunk_index');
  parseIdempotencyKey(headers['idempotency-key']);
  const sha256Hex = parseReprDigest(headers['repr-digest']);
  if (sha256Hex === undefined) throw new Problem('invalid_sha256_hex');
  const startedAt = said(headers, 'proofline-started-at') ?? '';
  if (parseTimestamp(startedAt) === undefined) throw new Problem('invalid_started_at');
  const endedAt = said(headers, 'proofline-ended-at') ?? '';
  if (parseTimestamp(endedAt) === undefined) throw new Problem('invalid_ended_at');
  const byteSize = declaredBytes(headers);
  if (byteSize > maxBytes) throw new Problem('upload_too_large');
  return {
    ...place,
    chunkIndex,
    byteSize,
    sha256Hex,
    startedAt,
    endedAt,
    capability,
    headers: Object.fromEntries(
      passedOn.flatMap((name) => {
        const value = said(headers, name);
        return value === undefined ? [] : [[name, value]];
      }),
    ),
  };
}

/** Room is taken for a body before it comes, so its length must be known. */
function declaredBytes({ 'content-length': length }: IncomingHttpHeaders): number {
  if (length === undefined)
    throw new Problem('length_mismatch', { message: 'A relay must know the length of a body: send Content-Length.' });
  return Number(length);
}

function said(headers: IncomingHttpHeaders, name: string): string | undefined {
  return headers[name]?.toString();
}
