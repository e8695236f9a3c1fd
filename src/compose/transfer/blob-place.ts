import { Readable } from 'node:stream';
import { Problem } from '#kit/errors.ts';
import type { BlobPath, BlobRecord, BlobStore, Pieces } from '#platform/blobs/blob-store.ts';
import { failpoint } from '#platform/process/failpoint.ts';

/** A blob that rows name: it must be in every copy of them. */
export interface WantedBlob extends BlobRecord {
  readonly path: BlobPath;
  /** The row that names it: its table, and its key in one word. */
  readonly table: 'chunks' | 'document_versions' | 'document_thumbnails' | 'resumable_parts';
  readonly id: string;
  /** The incident, document or upload. */
  readonly belongsTo: string;
  /** Of a chunk in a stream. */
  readonly streamId: string | null;
}

/** Where blobs are copied from and to: a store of a server, or the folder of a backup. */
export interface BlobPlace {
  /** Something of that name and size is there. Says nothing about content, but what is written here is written whole. */
  has(blob: WantedBlob): Promise<boolean>;
  /** Reads all of it and compares. */
  check(blob: WantedBlob): Promise<'same' | 'missing' | 'different'>;
  /** Ends with evidence_corrupt, before or in place of the last bytes, when the bytes are not what the rows say. */
  read(blob: WantedBlob): Promise<Readable>;
  /** Takes the bytes whole or not at all. Throws evidence_corrupt for other bytes. Lasts a power cut after `flush`. */
  put(blob: WantedBlob, content: Readable): Promise<void>;
  flush(): Promise<void>;
}

/** The blobs of a server. Nothing is ever replaced there: other bytes under the name are blob_conflict. */
export function storeBlobs(blobs: BlobStore): BlobPlace {
  return {
    has: async ({ path, byteSize }) => (await blobs.size(path)) === byteSize,
    check: (blob) => blobs.check(blob.path, blob),
    read: async (blob) => copied((await blobs.openVerified(blob.path, blob)).pieces),
    put: async (blob, content) => {
      const body = await blobs.staging.receive(content, { maxBytes: blob.byteSize, declaredBytes: blob.byteSize });
      try {
        if (body.sha256Hex !== blob.sha256Hex) throw new Problem('evidence_corrupt');
        await blobs.commit(blob.path, body);
        failpoint('transfer-blob-committed');
      } finally {
        await body.discard();
      }
    },
    flush: async () => undefined,
  };
}

/** A stream reads ahead, while a lent piece is only good until the next: so each is copied. */
function copied(pieces: Pieces): Readable {
  const copies = async function* () {
    for await (const piece of pieces) yield Buffer.from(piece);
  };
  const stream = Readable.from(copies(), { objectMode: false });
  // Also when nothing was read, which a generator would not hear of.
  stream.once('close', () => void pieces.return());
  return stream;
}
