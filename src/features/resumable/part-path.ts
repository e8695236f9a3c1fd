import { idTime, newId } from '#kit/ids.ts';
import type { BlobPath } from '#platform/blobs/blob-store.ts';

export const uploadsFolder: BlobPath = 'uploads';

/** Every part of an upload lies below this, and nothing else does. */
export function uploadFolder(uploadId: string): BlobPath {
  return `${uploadsFolder}/${uploadId}`;
}

/** Two requests that bring the same bytes at once are in nobody's way: each attempt has a name of its own. */
export function partPath(uploadId: string, startByte: number): BlobPath {
  return `${uploadFolder(uploadId)}/${startByte}-${newId('upo').slice(4)}`;
}

export function uploadOfPath(path: BlobPath): string {
  return path.split('/')[1] ?? '';
}

/** When a part was made, by the end of its name, in milliseconds; undefined for any other blob. */
export function partMadeAt(path: BlobPath): number | undefined {
  const match = /^uploads\/[^/]+\/\d+-([0-9a-hjkmnp-tv-z]{26})$/.exec(path);
  return match?.[1] === undefined ? undefined : idTime(match[1]);
}
