import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { Problem } from '#kit/errors.ts';
import { type Arena, pageBytes } from './arena.ts';
import { diskFault } from './disk-problem.ts';
import { writeStaged } from './write-staged.ts';

export interface Volume {
  blobsDir: string;
  stagingDir: string;
  /** Writing past the page cache works here. */
  direct: boolean;
  /** Of one flush. Milliseconds. */
  flushMs: number;
}

/** Not a blob name, so that no listing shows one left by a crash. */
const probePrefix = '~probe-';

/** Makes the folders and finds out what the disk can do. Throws storage_unavailable with words for the operator. */
export function openVolume(dataDir: string, arena: Arena): Volume {
  const blobsDir = `${dataDir}/blobs`;
  const stagingDir = `${dataDir}/staging`;
  attempt('The data directory cannot be made or opened', () => {
    for (const dir of [dataDir, blobsDir, stagingDir]) fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const dir of [`${dataDir}/..`, dataDir]) flushDirectory(dir);
  });
  if (fs.statSync(blobsDir).dev !== fs.statSync(stagingDir).dev) {
    throw unusable('The folders "blobs" and "staging" of the data directory must be on one file system');
  }
  attempt('The data directory cannot be written to', () => {
    for (const name of fs.readdirSync(blobsDir)) if (name.startsWith(probePrefix)) fs.unlinkSync(`${blobsDir}/${name}`);
  });
  const name = `${probePrefix}${randomBytes(8).toString('hex')}`;
  const staged = `${stagingDir}/${name}`;
  try {
    const direct = probeWrite(staged, arena, true);
    if (!direct && !probeWrite(staged, arena, false))
      throw unusable('What the data directory is given does not come back the same');
    const flushMs = attempt('The data directory cannot be flushed to its disk', () => measureFlush(staged));
    attempt('The file system of the data directory has no hard links', () =>
      fs.linkSync(staged, `${blobsDir}/${name}`),
    );
    return { blobsDir, stagingDir, direct, flushMs };
  } finally {
    fs.rmSync(staged, { force: true });
    fs.rmSync(`${blobsDir}/${name}`, { force: true });
  }
}

/** Writes a length that is no whole page, reads it again, and leaves the file when both worked. */
function probeWrite(path: string, arena: Arena, direct: boolean): boolean {
  const size = 2 * pageBytes + 777;
  const slot = arena.tryTake(size);
  if (slot === undefined) return false;
  try {
    const wanted = randomBytes(size);
    wanted.copy(slot.bytes);
    const fd = writeStaged(path, slot.bytes, size, direct);
    fs.fsyncSync(fd);
    fs.closeSync(fd);
    if (fs.readFileSync(path).equals(wanted)) return true;
    fs.unlinkSync(path);
    return false;
  } catch (error) {
    if (direct) return false;
    throw unusable('The data directory cannot be written to', error);
  } finally {
    arena.give(slot);
  }
}

function measureFlush(path: string): number {
  const fd = fs.openSync(path, 'a');
  try {
    const began = performance.now();
    for (let i = 0; i < 3; i++) {
      fs.writeSync(fd, 'x');
      fs.fsyncSync(fd);
    }
    return (performance.now() - began) / 3;
  } finally {
    fs.closeSync(fd);
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
