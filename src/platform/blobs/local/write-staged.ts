import { closeSync, constants, openSync, unlinkSync, writeSync } from 'node:fs';
import { failpoint } from '#platform/process/failpoint.ts';
import { pageBytes } from './arena.ts';

const create = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Below this the few bytes after the last whole page cost more as a second write than the page cache does for all. Bytes. */
const worthSplitting = 128 * 1024;

/**
 * Writes `bytes` to a new file and returns its descriptor, not flushed. On error nothing is left. `direct`: whole pages go past
 * the page cache, which needs `bytes` to start on a page; the rest of the last page goes through it. Cutting a padded file to
 * length instead would make the file system read the page back.
 */
export function writeStaged(path: string, bytes: Buffer, direct: boolean): number {
  const tail = bytes.length % pageBytes;
  const past = direct && (tail === 0 || bytes.length >= worthSplitting);
  const fd = openSync(path, past ? create | constants.O_DIRECT : create, 0o600);
  try {
    failpoint('after-create');
    if (past) {
      writeFully(fd, bytes, 0, bytes.length - tail);
      if (tail > 0) writeTail(path, bytes, bytes.length - tail);
    } else {
      writeFully(fd, bytes, 0, bytes.length);
    }
    failpoint('after-write');
    return fd;
  } catch (error) {
    closeSync(fd);
    unlinkSync(path);
    throw error;
  }
}

/** Flushing the first descriptor covers these bytes too: a flush is for the file, whoever wrote to it. */
function writeTail(path: string, bytes: Buffer, start: number): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    writeFully(fd, bytes, start, bytes.length);
  } finally {
    closeSync(fd);
  }
}

/** To the same place in the file. A write may come up short before the disk is full, without an error; the next one says why. */
function writeFully(fd: number, bytes: Buffer, start: number, end: number): void {
  for (let at = start; at < end; ) {
    const count = writeSync(fd, bytes, at, end - at, at);
    if (count === 0) throw Object.assign(new Error('short write'), { code: 'ENOSPC', syscall: 'write' });
    at += count;
  }
}
