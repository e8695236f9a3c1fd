import { Problem } from '#kit/errors.ts';
import type { BlobPath, BlobStore } from '#platform/blobs/blob-store.ts';
import type { ZipEntry } from './zip-writer.ts';

/** Of the row of a chunk what reading its bytes takes. */
export interface StoredChunk {
  stored_path: BlobPath;
  byte_size: number;
  sha256_hex: string;
}

const checksAtOnce = 16;

/** Before the first byte is sent, while a clear refusal is still possible. Throws incident_bundle_inconsistent. */
export async function assertBlobsThere(blobs: BlobStore, chunks: readonly StoredChunk[]): Promise<void> {
  for (let i = 0; i < chunks.length; i += checksAtOnce) {
    const good = await Promise.all(
      chunks.slice(i, i + checksAtOnce).map(async (chunk) => (await blobs.size(chunk.stored_path)) === chunk.byte_size),
    );
    if (good.includes(false)) throw new Problem('incident_bundle_inconsistent');
  }
}

/** Holds of the row only what reading takes, as an archive may have very many entries and last for hours. */
export function chunkEntry(blobs: BlobStore, name: string, chunk: StoredChunk): ZipEntry {
  const path = chunk.stored_path;
  const record = { byteSize: chunk.byte_size, sha256Hex: chunk.sha256_hex };
  return {
    name,
    byteSize: chunk.byte_size,
    content: async function* () {
      const { pieces } = await blobs.openVerified(path, record);
      yield* pieces;
    },
  };
}

export function textEntry(name: string, text: string): ZipEntry {
  const bytes = Buffer.from(text);
  return {
    name,
    byteSize: bytes.length,
    content: async function* () {
      yield bytes;
    },
  };
}
