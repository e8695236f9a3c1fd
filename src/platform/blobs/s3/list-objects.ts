import { type BlobEntry, type BlobPath, isBlobPath } from '../blob-store.ts';
import { Deadline } from './deadline.ts';
import { s3Problem } from './s3-failure.ts';
import type { ListPage, S3Objects } from './s3-objects.ts';

const pageSize = 1000;
const pageMs = 25_000;

/** Objects of ours whose names are no blob names: the probe's. */
export const probeFolder = 'proofline-probe';

/** A page at a time, and the next only when it is wanted; what is not a blob name is not ours and is passed over. */
export async function* listObjects(
  objects: S3Objects,
  root: string,
  prefix: BlobPath | undefined,
): AsyncGenerator<BlobEntry> {
  if (prefix !== undefined) {
    const own = await within((signal) => objects.facts(root + prefix, signal));
    if (own !== undefined) yield { path: prefix, byteSize: own.byteSize };
  }
  const under = prefix === undefined ? root : `${root}${prefix}/`;
  let token: string | undefined;
  do {
    const page: ListPage = await within((signal) => objects.list({ prefix: under, token, limit: pageSize }, signal));
    for (const { byteSize, key } of page.objects) {
      const path = key.slice(root.length);
      if (isBlobPath(path) && !path.startsWith(`${probeFolder}/`)) yield { path, byteSize };
    }
    token = page.next;
  } while (token !== undefined);
}

async function within<T>(send: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await new Deadline(pageMs).persist(send);
  } catch (error) {
    throw s3Problem(error);
  }
}
