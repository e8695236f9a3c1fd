import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { object, read, text, whole } from '#client/shape.ts';
import { timestamp } from '#kit/time.ts';
import { hasCode, RecorderError } from '../recorder-error.ts';
import type { Segment, Source } from './source.ts';

export interface FilesSpec {
  readonly kind: 'files';
  /** In recording order. */
  readonly paths: readonly string[];
  /** Largest chunk in bytes; a larger file is cut into several. */
  readonly chunkBytes: number;
}

export interface FolderSpec {
  readonly kind: 'folder';
  readonly path: string;
  readonly chunkBytes: number;
  /** Milliseconds without a change after which the newest file counts as finished, and the recording ends. */
  readonly idleMs: number;
}

const cursorShape = object({ file: text, offset: whole(0) });

/** Records files that exist already, each cut into pieces. Resuming goes on at the byte where it stopped. */
export function filesSource(spec: FilesSpec, expectedBytes?: number): Source {
  return {
    ...(expectedBytes === undefined ? {} : { expectedBytes }),
    async *segments({ after, signal }) {
      const from = parseCursor(after);
      const start = from ? spec.paths.indexOf(from.file) : 0;
      if (start < 0)
        throw new RecorderError('no_input', 'The file at which the recording stopped is not among its files any more.');
      for (const [position, path] of spec.paths.slice(start).entries()) {
        if (signal.aborted) return;
        yield* piecesOf(path, path, position === 0 ? (from?.offset ?? 0) : 0, spec.chunkBytes, signal);
      }
    },
  };
}

/** Total size of files in bytes. Throws RecorderError `no_input` for one that cannot be recorded. */
export async function sizeOfFiles(paths: readonly string[]): Promise<number> {
  let total = 0;
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) throw new RecorderError('no_input', `There is no file ${path}.`);
    total += found.size;
  }
  return total;
}

/**
 * Records a folder that another program writes segments into. Files count in the order of their names; one is finished
 * when a later one appears or when nothing has changed for a while. Hidden files are left alone.
 */
export function folderSource(spec: FolderSpec): Source {
  return {
    async *segments({ after, signal }) {
      const from = parseCursor(after);
      let last = from?.file ?? '';
      let offset = from?.offset ?? 0;
      for (;;) {
        const ended = signal.aborted;
        const idle = await isIdle(spec);
        const names = await namesFrom(spec.path, last);
        // The newest file may still be growing, unless everything has come to rest.
        const finished = ended || idle ? names : names.slice(0, -1);
        for (const name of finished) {
          const done = yield* piecesOf(join(spec.path, name), name, name === last ? offset : 0, spec.chunkBytes);
          last = name;
          offset = done;
        }
        if (ended || idle) return;
        await wait(Math.min(250, spec.idleMs), undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

async function namesFrom(folder: string, last: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && entry.name >= last)
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) throw new RecorderError('no_input', `There is no folder ${folder}.`);
    throw error;
  }
}

async function isIdle(spec: FolderSpec): Promise<boolean> {
  const names = await namesFrom(spec.path, '');
  const times = await Promise.all(names.map(async (name) => (await stat(join(spec.path, name))).mtimeMs));
  return times.length > 0 && Date.now() - Math.max(...times) >= spec.idleMs;
}

/** Returns the offset at which the file ended. */
async function* piecesOf(
  path: string,
  name: string,
  from: number,
  chunkBytes: number,
  signal?: AbortSignal,
): AsyncGenerator<Segment, number> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw hasCode(error, 'ENOENT', 'EACCES')
      ? new RecorderError('no_input', `The file ${path} cannot be opened.`)
      : error;
  });
  try {
    const { birthtimeMs, mtimeMs } = await handle.stat();
    const times = { startedAt: timestamp(Math.min(birthtimeMs || mtimeMs, mtimeMs)), endedAt: timestamp(mtimeMs) };
    let offset = from;
    for (;;) {
      if (signal?.aborted) return offset;
      const bytes = new Uint8Array(chunkBytes);
      let filled = 0;
      while (filled < chunkBytes) {
        const { bytesRead } = await handle.read(bytes, filled, chunkBytes - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      if (filled === 0) return offset;
      offset += filled;
      yield { bytes: bytes.subarray(0, filled), ...times, cursor: JSON.stringify({ file: name, offset }) };
    }
  } finally {
    await handle.close();
  }
}

function parseCursor(cursor: string | undefined): { file: string; offset: number } | undefined {
  if (cursor === undefined) return undefined;
  const result = read(cursorShape, JSON.parse(cursor));
  if ('value' in result) return result.value;
  throw new RecorderError('state_damaged', 'The journal does not say where the recording stopped.');
}
