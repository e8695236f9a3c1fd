import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { VersionRow } from '../documents.store.ts';
import { versionBytes } from '../processing/document-job.ts';
import { decodeText } from '../processing/parser/decode-text.ts';

/** More than anybody reads in a frame. Bytes. */
const previewBytes = 512 * 1024;

/** The beginning of a text, whatever it is encoded in; what decodes as none is empty. */
export async function textPreview(blobs: BlobStore, version: VersionRow): Promise<string> {
  const pieces: Uint8Array[] = [];
  // Copied: a piece is lent.
  for await (const piece of versionBytes({ blobs }, version, previewBytes)) pieces.push(Uint8Array.from(piece));
  return decodeText(Buffer.concat(pieces), version.byte_size <= previewBytes)?.text ?? '';
}
