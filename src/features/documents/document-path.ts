import { idTime, newId } from '#kit/ids.ts';
import type { BlobPath } from '#platform/blobs/blob-store.ts';

/** Everything of a document lies below this, and nothing else does. */
export function documentFolder(ownerId: string, documentId: string): BlobPath {
  return `users/${ownerId}/documents/${documentId}`;
}

/**
 * Where a version's bytes go: never the file's name. Each attempt has a name of its own, so that one which a crash cut short between
 * bytes and row stands in nobody's way. What no row names is swept.
 */
export function versionPath(ownerId: string, documentId: string, version: number): BlobPath {
  return `${documentFolder(ownerId, documentId)}/${version}-${newId('upo').slice(4)}`;
}

/** Beside the version that it shows; swept like it. */
export function thumbnailPath(ownerId: string, documentId: string, version: number): BlobPath {
  return `${documentFolder(ownerId, documentId)}/${version}-thumbnail-${newId('upo').slice(4)}`;
}

/** When a blob of a document was made, by the end of its name, in milliseconds; undefined for any other blob. */
export function strayMadeAt(path: BlobPath): number | undefined {
  const match = /^users\/[^/]+\/documents\/[^/]+\/(?:.*-)?([0-9a-hjkmnp-tv-z]{26})$/.exec(path);
  return match?.[1] === undefined ? undefined : idTime(match[1]);
}
