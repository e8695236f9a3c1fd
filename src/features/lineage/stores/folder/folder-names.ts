import { opendir } from 'node:fs/promises';
import { asProblem, hasErrno } from '#platform/blobs/local/disk-problem.ts';

/** Names of what lies in a folder, without order and one at a time, as there may be a million; none where there is no folder. */
export async function* namesIn(path: string, kind: 'folder' | 'file'): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(path, { bufferSize: 1024 }))
      if (kind === 'folder' ? entry.isDirectory() : entry.isFile()) yield entry.name;
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw asProblem(error);
  }
}

export async function sortedNames(path: string, kind: 'folder' | 'file'): Promise<string[]> {
  return (await Array.fromAsync(namesIn(path, kind))).sort();
}
