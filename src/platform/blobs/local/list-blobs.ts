import type { Dir } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { type BlobEntry, type BlobPath, isBlobPath } from '../blob-store.ts';
import { asProblem, hasErrno } from './disk-problem.ts';

/** Walks the tree one folder at a time; what is not a blob name, or is no regular file, is not ours and is passed over. */
export async function* listBlobs(root: string, prefix: BlobPath | undefined): AsyncGenerator<BlobEntry> {
  if (prefix !== undefined) {
    const own = await sizeOf(`${root}/${prefix}`);
    if (own !== undefined) yield { path: prefix, byteSize: own };
  }
  yield* listFolder(root, prefix ?? '');
}

async function* listFolder(root: string, folder: string): AsyncGenerator<BlobEntry> {
  let entries: Dir;
  try {
    entries = await opendir(folder === '' ? root : `${root}/${folder}`, { bufferSize: 256 });
  } catch (error) {
    // A folder may go with its last blob while we walk; the root may not.
    if (folder !== '' && hasErrno(error, 'ENOENT', 'ENOTDIR')) return;
    throw asProblem(error);
  }
  for await (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (!isBlobPath(path)) continue;
    if (entry.isDirectory()) {
      yield* listFolder(root, path);
    } else if (entry.isFile()) {
      const byteSize = await sizeOf(`${root}/${path}`);
      if (byteSize !== undefined) yield { path, byteSize };
    }
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const stats = await lstat(file);
    return stats.isFile() ? stats.size : undefined;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw asProblem(error);
  }
}
