import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RecorderEvent } from '#recorder/recorder-event.ts';
import { repository } from './server.ts';

export interface RunningRecorder {
  readonly process: ChildProcess;
  /** Events since the start of this process. */
  readonly events: RecorderEvent[];
  readonly stderr: () => string;
  /** Resolves once `count` chunks were accepted by this process; rejects when it ends before. */
  readonly accepted: (count: number) => Promise<void>;
  /** Its exit code, or null after a kill. */
  readonly ended: Promise<number | null>;
  readonly kill: () => Promise<void>;
}

/** Starts `proofline record --json` as a process of its own. */
export function startRecorder(args: readonly string[], env: Record<string, string>): RunningRecorder {
  const child = spawn(process.execPath, [join(repository, 'src/main.ts'), 'record', '--json', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const events: RecorderEvent[] = [];
  const watchers = new Set<() => void>();
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => {
    stderr += part.toString();
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    // A line cut short by a kill is no event.
    if (line.endsWith('}')) events.push(JSON.parse(line));
    for (const look of watchers) look();
  });
  const ended = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null));
  const accepted = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (events.filter(({ event }) => event === 'accepted').length < count) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
      void ended.then((code) => reject(new Error(`the recorder ended (${code}) before ${count} chunks: ${stderr}`)));
    });
  return {
    process: child,
    events,
    stderr: () => stderr,
    accepted,
    ended,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
