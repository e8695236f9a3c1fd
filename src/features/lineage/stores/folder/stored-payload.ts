import { readFile } from 'node:fs/promises';
import { asProblem, hasErrno } from '#platform/blobs/local/disk-problem.ts';

/** The bytes of a record, unjudged. */
export async function readPayload(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw asProblem(error);
  }
}
