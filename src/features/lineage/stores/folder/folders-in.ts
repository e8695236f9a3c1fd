import { opendir } from 'node:fs/promises';
import { asProblem, hasErrno } from '#platform/blobs/local/disk-problem.ts';

/** Names of the folders in a folder, without order and one at a time, as there may be a million; none where there is no folder. */
export async function* foldersIn(path: string): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(path, { bufferSize: 1024 })) if (entry.isDirectory()) yield entry.name;
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw asProblem(error);
  }
}
