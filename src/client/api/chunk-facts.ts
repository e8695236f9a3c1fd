import { fromHex, toBase64 } from '#kit/bytes.ts';
import type { MediaType } from '../media-type.ts';

/** Where a chunk of a capture group stands on the timeline of its source. Times are RFC 3339 in UTC, the end exclusive. */
export interface ChunkSource {
  readonly segment_id: string;
  readonly sequence: number;
  readonly started_at: string;
  readonly ended_at: string;
  /** SHA-256 of the sealed context chunk that belongs to it. */
  readonly context_digest?: string;
}

/** What identifies a chunk and its content. The hash is of the uploaded bytes, so of the ciphertext. */
export interface ChunkFacts {
  readonly incident_id: string;
  readonly stream_id: string;
  readonly chunk_index: number;
  readonly media_type: MediaType;
  readonly started_at: string;
  readonly ended_at: string;
  readonly sha256_hex: string;
  readonly byte_size: number;
  /** In a stream of a capture group, and only there. */
  readonly source?: ChunkSource;
}

/** The headers of the upload by PUT, wherever it goes. */
export function chunkHeaders({ sha256_hex, started_at, ended_at, source }: ChunkFacts): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    'repr-digest': `sha-256=:${toBase64(fromHex(sha256_hex) ?? new Uint8Array())}:`,
    'proofline-started-at': started_at,
    'proofline-ended-at': ended_at,
    ...(source === undefined ? {} : sourceHeaders(source)),
  };
}

function sourceHeaders(source: ChunkSource): Record<string, string> {
  return {
    'proofline-source-segment': source.segment_id,
    'proofline-source-sequence': String(source.sequence),
    'proofline-source-started-at': source.started_at,
    'proofline-source-ended-at': source.ended_at,
    ...(source.context_digest === undefined ? {} : { 'proofline-context-digest': source.context_digest }),
  };
}

/** The same place as the fields of an upload by form. */
export function sourceFields(source: ChunkSource): Record<string, string> {
  return {
    source_segment_id: source.segment_id,
    source_sequence: String(source.sequence),
    source_started_at: source.started_at,
    source_ended_at: source.ended_at,
    ...(source.context_digest === undefined ? {} : { context_digest: source.context_digest }),
  };
}
