import { closeSync, constants, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { failpoint } from '#platform/process/failpoint.ts';
import { pageBytes } from './arena.ts';

const create = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Writes the first `byteSize` of `bytes` to a new file and returns its descriptor, not flushed. Past the page cache whole pages
 * are written and the file is cut to length after; `bytes` must reach to the end of the last page. On error nothing is left.
 */
export function writeStaged(path: string, bytes: Buffer, byteSize: number, direct: boolean): number {
  const fd = openSync(path, direct ? create | constants.O_DIRECT : create, 0o600);
  try {
    failpoint('after-create');
    const written = direct ? Math.ceil(byteSize / pageBytes) * pageBytes : byteSize;
    // Whatever the slot held before must not reach the disk, not even behind the end of the file.
    bytes.fill(0, byteSize, written);
    writeFully(fd, bytes, written);
    if (written !== byteSize) ftruncateSync(fd, byteSize);
    failpoint('after-write');
    return fd;
  } catch (error) {
    closeSync(fd);
    unlinkSync(path);
    throw error;
  }
}

/** A write may come up short before the disk is full, without an error; the next one says why. */
function writeFully(fd: number, bytes: Buffer, length: number): void {
  for (let at = 0; at < length; ) {
    const count = writeSync(fd, bytes, at, length - at);
    if (count === 0) throw Object.assign(new Error('short write'), { code: 'ENOSPC', syscall: 'write' });
    at += count;
  }
}
