import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, RecorderError } from '../recorder-error.ts';

/** Keeps a second recorder out of a state folder. Left behind by a kill, it is taken over once its process is gone. */
export async function lockFolder(folder: string): Promise<{ release(): Promise<void> }> {
  const path = join(folder, 'lock');
  for (let attempt = 1; ; attempt++) {
    try {
      const handle = await open(path, 'wx', 0o600);
      await handle.writeFile(`${process.pid}\n`);
      await handle.close();
      return { release: () => rm(path, { force: true }) };
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      const owner = Number((await readFile(path, 'utf8').catch(() => '')).trim());
      if (attempt > 1 || isRunning(owner)) {
        const message = `Process ${owner} is recording into this folder. If it is not a recorder any more, delete the file named lock there.`;
        throw new RecorderError('state_in_use', message);
      }
      await rm(path, { force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  // Our own number in an old lock: a container that restarted gives the same numbers again.
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}
