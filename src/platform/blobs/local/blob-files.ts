import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { BlobPath } from '../blob-store.ts';
import { hasErrno } from './disk-problem.ts';

export interface BlobFile {
  readonly fd: number;
  readonly byteSize: number;
}

/** Undefined when there is no such regular file. */
export function openBlobFile(root: string, path: BlobPath): BlobFile | undefined {
  let fd: number;
  try {
    fd = openSync(`${root}/${path}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
    // Without its root every blob would look missing, and that would be a false alarm about evidence.
    closeSync(openSync(root, constants.O_RDONLY | constants.O_DIRECTORY));
    return undefined;
  }
  const stats = fstatSync(fd);
  if (stats.isFile()) return { fd, byteSize: stats.size };
  closeSync(fd);
  return undefined;
}

/** Fills the block from `start`; fewer bytes than it holds only when the file ends early. */
export function readBlock(fd: number, block: Buffer, start: number): number {
  let filled = 0;
  while (filled < block.length) {
    const count = readSync(fd, block, filled, block.length - filled, start + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** Hashes a whole file, giving way to others between slices. */
export async function hashBlobFile(
  { fd, byteSize }: BlobFile,
  buffer: Buffer,
  giveWay: () => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < byteSize; ) {
    const count = readSync(fd, buffer, 0, buffer.length, at);
    if (count === 0) break;
    hash.update(buffer.subarray(0, count));
    at += count;
    if (at < byteSize) await giveWay();
  }
  return hash.digest('hex');
}
