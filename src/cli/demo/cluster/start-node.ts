import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StartupError } from '#platform/process/startup-error.ts';

export interface DemoNode {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly adminUrl: string;
  /** kill -9: it gets no time to put anything in order. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** A node as a process of its own, on free ports, with the backends that the environment names. Its log is `<name>.log`. */
export async function startNode(name: string, folder: string): Promise<DemoNode> {
  const [script = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, script, 'serve'], {
    env: {
      ...process.env,
      SAFE_DATA_DIR: join(folder, name),
      SAFE_MAIN_BIND_ADDRS: '127.0.0.1:0',
      SAFE_ADMIN_BIND_ADDRS: '127.0.0.1:0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A Ctrl-C is for the demo, which ends its nodes itself.
    detached: true,
  });
  const exited = once(child, 'exit');
  const log = createWriteStream(join(folder, `${name}.log`));
  child.stderr.pipe(log);
  const addresses = await readyAddresses(child, log);
  const url = (address: string | undefined) => `http://${address}`;
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  return {
    name,
    url: url(addresses.main[0]),
    port: Number(new URL(url(addresses.main[0])).port),
    adminUrl: url(addresses.admin[0]),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

interface Addresses {
  main: string[];
  admin: string[];
}

async function readyAddresses(child: ChildProcess, log: NodeJS.WritableStream): Promise<Addresses> {
  let complaint = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    complaint = (complaint + bytes.toString()).slice(-2_000);
  });
  if (child.stdout === null) throw new Error('a node without output');
  const lines = createInterface({ input: child.stdout });
  return await new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      log.write(`${line}\n`);
      if (line.includes('"msg":"ready"')) resolve(JSON.parse(line));
    });
    child.once('error', reject);
    child.once('close', () =>
      reject(
        new StartupError(`A node of the demo did not start. It said:\n${complaint.trim()}`, 'Mend that and try again.'),
      ),
    );
  });
}
