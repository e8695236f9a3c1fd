import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { BlobPath } from '../blob-store.ts';
import { hasErrno } from './disk-problem.ts';

/** Read at a time: large enough to pay for the hop between threads, small enough for many readers at once. Bytes. */
const blockBytes = 256 * 1024;

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

/** A block from `start`, at most to `end` exclusive; shorter than asked only when the file ends early. */
export function readBlock(fd: number, start: number, end: number): Buffer {
  // Its own memory, so that it can move to another thread; not zeroed, as it is filled or cut.
  const block = Buffer.allocUnsafeSlow(Math.min(blockBytes, end - start));
  let filled = 0;
  while (filled < block.length) {
    const count = readSync(fd, block, filled, block.length - filled, start + filled);
    if (count === 0) break;
    filled += count;
  }
  return block.subarray(0, filled);
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
