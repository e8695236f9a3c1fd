import { Problem } from '#kit/errors.ts';
import type { BlobPath, BlobRange } from './blob-store.ts';
import { isBlobPath } from './blob-store.ts';

/** Every entry of a store passes here first: a name that no server made never reaches a file system or a bucket. */
export function requireBlobPath(path: BlobPath): BlobPath {
  if (!isBlobPath(path))
    throw new Problem('internal_error', { message: 'A blob name is not one that this server makes.' });
  return path;
}

/** A range that cannot mean anything is the caller's defect, not a property of the blob. */
export function requireRange(range: BlobRange | undefined): BlobRange | undefined {
  if (range === undefined) return undefined;
  const sound =
    Number.isSafeInteger(range.start) &&
    Number.isSafeInteger(range.end) &&
    range.start >= 0 &&
    range.end >= range.start;
  if (!sound) throw new Problem('internal_error', { message: 'A byte range is not valid.' });
  return range;
}
