import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface WorkerProcess {
  child: ChildProcess;
  /** Resolves when it has begun so many jobs in all. */
  begun(count: number): Promise<void>;
  kill(): Promise<void>;
}

const script = fileURLToPath(new URL('./work-forever.ts', import.meta.url));

export function startWorkerProcess(database: string, redis: string, jobMs: number): WorkerProcess {
  const child = spawn(process.execPath, [script, database, redis, String(jobMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let seen = 0;
  let look: () => void = () => undefined;
  createInterface({ input: child.stdout }).on('line', () => {
    seen += 1;
    look();
  });
  return {
    child,
    begun: async (count) => {
      while (seen < count) {
        const more = new Promise<void>((resolve) => {
          look = resolve;
        });
        await Promise.race([
          more,
          exited.then(() => {
            throw new Error(`the worker ended when it had begun ${seen} jobs`);
          }),
        ]);
      }
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
