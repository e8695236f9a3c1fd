import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StartupError } from '#platform/process/startup-error.ts';

export interface DemoProcess {
  /** Of the line in its log that says that it is ready: the addresses of each listener. */
  readonly ready: Readonly<Record<string, string[]>>;
  /** kill -9: it gets no time to put anything in order. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** A command of this very program as a process of its own; its log is added to `<name>.log`. */
export async function startDemoProcess(
  name: string,
  folder: string,
  command: readonly string[],
  env: Record<string, string>,
): Promise<DemoProcess> {
  const [script = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, script, ...command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A Ctrl-C is for the demo, which ends its processes itself.
    detached: true,
  });
  const exited = once(child, 'exit');
  const log = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
  child.stderr.pipe(log);
  const ready = await readyLine(child, log);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  return { ready, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

async function readyLine(child: ChildProcess, log: NodeJS.WritableStream): Promise<Record<string, string[]>> {
  let complaint = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    complaint = (complaint + bytes.toString()).slice(-2_000);
  });
  if (child.stdout === null) throw new Error('a process without output');
  const lines = createInterface({ input: child.stdout });
  return await new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      log.write(`${line}\n`);
      if (line.includes('"msg":"ready"')) resolve(JSON.parse(line));
    });
    child.once('error', reject);
    child.once('close', () =>
      reject(
        new StartupError(
          `A process of the demo did not start. It said:\n${complaint.trim()}`,
          'Mend that and try again.',
        ),
      ),
    );
  });
}
