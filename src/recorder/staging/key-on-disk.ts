import { readFile, stat } from 'node:fs/promises';
import { type ChunkKey, createKey, parseKey, serialiseKey } from '#client/envelope/key-file.ts';
import { hasCode, RecorderError } from '../recorder-error.ts';
import { createDurably } from './durable-file.ts';

/** Uses the key file at `path`, or makes it with mode 0600. A key file is never overwritten. */
export async function loadOrCreateKey(path: string): Promise<{ key: ChunkKey; created: boolean }> {
  const key = createKey();
  try {
    await createDurably(path, serialiseKey(key));
    return { key, created: true };
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return { key: await loadKey(path), created: false };
    if (hasCode(error, 'ENOENT'))
      throw new RecorderError('no_input', 'The folder for the key file does not exist. Create it first.');
    throw error;
  }
}

/** Throws RecorderError `no_input`, or EnvelopeError when the file is no key file. */
export async function loadKey(path: string): Promise<ChunkKey> {
  try {
    return parseKey(await readFile(path, 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EISDIR'))
      throw new RecorderError('no_input', 'The key file is not there. Without it the recording cannot be decrypted.');
    throw error;
  }
}

/** True when others on this machine may read the file. */
export async function isReadableByOthers(path: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0;
}
