import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Flushes a folder, so that the names made in it survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Puts `content` under `name`, whole or not at all, mode 0600: written beside it, flushed, renamed, folder flushed. A crash
 * before the rename leaves a `.tmp` file that the next write of the name replaces.
 */
export async function writeDurably(folder: string, name: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(folder, `${name}.tmp`);
  await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } catch (error) {
    // On a full disk its part would be missing twice.
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(temporary, join(folder, name));
  await syncFolder(folder);
}

/** Creates a file that must not exist yet, mode 0600, flushed with its name. Throws EEXIST. */
export async function createDurably(path: string, content: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(path));
}
