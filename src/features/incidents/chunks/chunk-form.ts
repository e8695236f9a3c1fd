import type { ClaimText } from './chunk-identity.ts';
import type { SourceText } from './chunk-source.ts';

export const formFields = [
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

export type FormFields = Partial<Record<(typeof formFields)[number], string>>;

export function claimText(fields: FormFields): ClaimText {
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
export function sourceText(fields: FormFields): SourceText {
  return {
    segmentId: fields.source_segment_id || undefined,
    sequence: fields.source_sequence || undefined,
    startedAt: fields.source_started_at || undefined,
    endedAt: fields.source_ended_at || undefined,
    contextDigest: fields.context_digest || undefined,
  };
}

/** For the reference. */
export const formFieldDescriptions = {
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
};

/** A form's boundaries and fields come on top of the file. Bytes. */
export const formOverheadBytes = 32 * 1024;
