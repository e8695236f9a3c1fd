import { lstat, opendir, unlink } from 'node:fs/promises';
import type { SweptStaging } from '../blob-store.ts';
import { hasErrno } from './disk-problem.ts';
import type { StagedNames } from './staged-names.ts';

/**
 * Removes what crashed processes left in staging. Only by age, as another process may be staging there now; never what this
 * one has in use.
 */
export async function sweepStaging(stagingDir: string, names: StagedNames, olderThanMs: number): Promise<SweptStaging> {
  const before = Date.now() - olderThanMs;
  const swept: SweptStaging = { removed: 0, bytes: 0 };
  for await (const entry of await opendir(stagingDir)) {
    if (!entry.isFile() || names.isLive(entry.name)) continue;
    const path = `${stagingDir}/${entry.name}`;
    try {
      const { mtimeMs, nlink, size } = await lstat(path);
      if (mtimeMs > before) continue;
      await unlink(path);
      swept.removed += 1;
      // A crash between link and unlink leaves a second name of a blob, whose bytes stay.
      if (nlink === 1) swept.bytes += size;
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
    }
  }
  return swept;
}
