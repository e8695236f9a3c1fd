import { isMediaType, type MediaType } from '../media-type.ts';
import { EnvelopeError } from './envelope-error.ts';

/** The one place a chunk belongs to. It is authenticated with the ciphertext, so a chunk moved elsewhere does not open. */
export interface ChunkBinding {
  readonly incidentId: string;
  readonly streamId: string;
  readonly mediaType: MediaType;
  /** From 1. Chunks without a stream, of the older kind, cannot be bound. */
  readonly chunkIndex: number;
}

const prefix = 'SafetyRecorderChunk:v1';
const pattern =
  /^SafetyRecorderChunk:v1\nincident_id=([^\r\n]+)\nstream_id=([^\r\n]+)\nmedia_type=([^\r\n]+)\nchunk_index=([1-9][0-9]{0,15})\n$/;

/** The associated data as text, byte for byte the contract's, last newline included. */
export function associatedData(binding: ChunkBinding): string {
  const { incidentId, streamId, mediaType, chunkIndex } = binding;
  // A line break inside an id would let two different bindings share one text.
  if (incidentId === '' || streamId === '' || /[\r\n]/.test(incidentId + streamId)) {
    throw new EnvelopeError('invalid_binding', 'An incident or stream id must be one non-empty line.');
  }
  if (!isMediaType(mediaType))
    throw new EnvelopeError('invalid_binding', 'The media type is not one the contract knows.');
  if (!Number.isSafeInteger(chunkIndex) || chunkIndex < 1) {
    throw new EnvelopeError('invalid_binding', 'A chunk index must be a whole number from 1.');
  }
  return `${prefix}\nincident_id=${incidentId}\nstream_id=${streamId}\nmedia_type=${mediaType}\nchunk_index=${chunkIndex}\n`;
}

/** Reads associated data back; undefined when it is not exactly what `associatedData` writes. */
export function parseAssociatedData(textOfHeader: string): ChunkBinding | undefined {
  const match = pattern.exec(textOfHeader);
  if (!match) return undefined;
  const [, incidentId = '', streamId = '', mediaType = '', index = ''] = match;
  const chunkIndex = Number(index);
  if (!isMediaType(mediaType) || !Number.isSafeInteger(chunkIndex)) return undefined;
  return { incidentId, streamId, mediaType, chunkIndex };
}

/** Throws the `other_*` error for the first part in which `found` differs from `expected`. */
export function requireSameBinding(found: ChunkBinding, expected: ChunkBinding): void {
  if (found.incidentId !== expected.incidentId) {
    throw new EnvelopeError(
      'other_incident',
      `The chunk belongs to incident ${found.incidentId}, not to ${expected.incidentId}.`,
    );
  }
  if (found.streamId !== expected.streamId) {
    throw new EnvelopeError(
      'other_stream',
      `The chunk belongs to stream ${found.streamId}, not to ${expected.streamId}.`,
    );
  }
  if (found.mediaType !== expected.mediaType) {
    throw new EnvelopeError(
      'other_media_type',
      `The chunk was sealed as ${found.mediaType}, not as ${expected.mediaType}.`,
    );
  }
  if (found.chunkIndex !== expected.chunkIndex) {
    throw new EnvelopeError(
      'other_chunk_index',
      `The chunk is number ${found.chunkIndex} of its stream, not number ${expected.chunkIndex}.`,
    );
  }
}
