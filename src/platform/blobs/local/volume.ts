import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { Problem } from '#kit/errors.ts';
import { type Arena, pageBytes } from './arena.ts';
import { diskFault } from './disk-problem.ts';
import { quickMs } from './flush.ts';
import { writeStaged } from './write-staged.ts';

export interface VolumeFolders {
  dataDir: string;
  blobsDir: string;
  stagingDir: string;
}

export interface Volume extends Omit<VolumeFolders, 'dataDir'> {
  /** Writing past the page cache works here, and the disk answers such writes at once. */
  direct: boolean;
  /** Of one flush. Milliseconds. */
  flushMs: number;
}

/** Not a blob name, so that no listing shows one left by a crash. */
const probePrefix = '~probe-';

/** Makes the folders and finds out what the disk can do. Throws storage_unavailable with words for the operator. */
export function openVolume({ blobsDir, dataDir, stagingDir }: VolumeFolders, arena: Arena): Volume {
  attempt('The data directory cannot be made or opened', () => {
    for (const dir of [dataDir, blobsDir, stagingDir]) fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const dir of [`${dataDir}/..`, dataDir]) flushDirectory(dir);
  });
  if (fs.statSync(blobsDir).dev !== fs.statSync(stagingDir).dev) {
    throw unusable('The folders of blobs and of staging must be on one file system');
  }
  attempt('The data directory cannot be written to', () => {
    for (const name of fs.readdirSync(blobsDir)) if (name.startsWith(probePrefix)) fs.unlinkSync(`${blobsDir}/${name}`);
  });
  const name = `${probePrefix}${randomBytes(8).toString('hex')}`;
  const staged = `${stagingDir}/${name}`;
  try {
    const works = probeWrite(staged, arena, true);
    // Some kernels refuse the flag only after making the file.
    if (!works) fs.rmSync(staged, { force: true });
    if (!works && !probeWrite(staged, arena, false))
      throw unusable('What the data directory is given does not come back the same');
    attempt('The file system of the data directory has no hard links', () =>
      fs.linkSync(staged, `${blobsDir}/${name}`),
    );
    const flushMs = attempt('The data directory cannot be flushed to its disk', () => {
      return measure(staged, fs.constants.O_WRONLY | fs.constants.O_APPEND, (fd) => {
        fs.writeSync(fd, 'x');
        fs.fsyncSync(fd);
      });
    });
    const direct = works && measureDirectWrite(staged, arena) < quickMs;
    return { blobsDir, stagingDir, direct, flushMs };
  } finally {
    fs.rmSync(staged, { force: true });
    fs.rmSync(`${blobsDir}/${name}`, { force: true });
  }
}

/** Writes a length that is no whole page, reads it again, and leaves the file when both worked. */
function probeWrite(path: string, arena: Arena, direct: boolean): boolean {
  const size = 40 * pageBytes + 777;
  return withSlot(arena, size, (bytes) => {
    const wanted = randomBytes(size);
    wanted.copy(bytes);
    try {
      const fd = writeStaged(path, bytes, direct);
      fs.fsyncSync(fd);
      fs.closeSync(fd);
      if (fs.readFileSync(path).equals(wanted)) return true;
      fs.unlinkSync(path);
      return false;
    } catch (error) {
      if (direct) return false;
      throw unusable('The data directory cannot be written to', error);
    }
  });
}

function measureDirectWrite(path: string, arena: Arena): number {
  return withSlot(arena, 16 * pageBytes, (bytes) => {
    return measure(path, fs.constants.O_WRONLY | fs.constants.O_DIRECT, (fd) =>
      fs.writeSync(fd, bytes, 0, bytes.length, 0),
    );
  });
}

/** The quickest of a few, as what the disk can do. Milliseconds. */
function measure(path: string, flags: number, work: (fd: number) => void): number {
  const fd = fs.openSync(path, flags);
  let quickest = Number.POSITIVE_INFINITY;
  try {
    for (let i = 0; i < 4; i++) {
      const began = performance.now();
      work(fd);
      quickest = Math.min(quickest, performance.now() - began);
    }
  } finally {
    fs.closeSync(fd);
  }
  return quickest;
}

function withSlot<T>(arena: Arena, size: number, work: (bytes: Buffer) => T): T {
  const slot = arena.tryTake(size);
  if (slot === undefined) throw unusable('There is no memory to test the data directory with');
  try {
    return work(slot.bytes.subarray(0, size));
  } finally {
    arena.give(slot);
  }
}

function flushDirectory(path: string): void {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function attempt<T>(failure: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unusable(failure, error);
  }
}

function unusable(failure: string, error?: unknown): Problem {
  const reason = error === undefined ? '' : ` (${diskFault(error).errno})`;
  return new Problem('storage_unavailable', { message: `${failure}${reason}.` });
}
