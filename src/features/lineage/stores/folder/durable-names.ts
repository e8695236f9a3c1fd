import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasErrno } from '#platform/blobs/local/disk-problem.ts';

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  await folder.sync();
}

/** In the place of what stands there, whole or not at all; `aside` is a free name on the same file system. */
export async function replaceFile(path: string, text: string, aside: string, how: 'durable' | 'soon'): Promise<void> {
  try {
    {
      await using file = await open(aside, 'wx', 0o600);
      await file.writeFile(text);
      if (how === 'durable') await file.sync();
    }
    await rename(aside, path);
  } catch (error) {
    await unlink(aside).catch(() => undefined);
    throw error;
  }
  if (how === 'durable') await syncFolder(dirname(path));
}

/** False when there was none. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
  await syncFolder(dirname(path));
  return true;
}
