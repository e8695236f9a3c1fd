import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What the kernel takes from a child, beside its limits. */
export interface Isolation {
  /** Of unshare(1); empty where the kernel, a container or the unit allows none of it. */
  readonly flags: readonly string[];
  readonly network: boolean;
  /** It sees no other process, and can signal none. */
  readonly processes: boolean;
}

const own = ['--user', '--map-current-user', '--net', '--ipc'];
const alone = ['--pid', '--fork', '--kill-child'];

/** The most first. Without a /proc of its own, a child could still read there what processes of the same user are. */
const ladder: readonly Isolation[] = [
  { flags: [...own, ...alone, '--mount-proc'], network: true, processes: true },
  { flags: [...own, ...alone], network: true, processes: true },
  { flags: own, network: true, processes: false },
];
const none: Isolation = { flags: [], network: false, processes: false };

let probed: Promise<Isolation> | undefined;

/** Tried once a process, with a program that does nothing. */
export function isolation(): Promise<Isolation> {
  probed ??= probe();
  return probed;
}

async function probe(): Promise<Isolation> {
  if (process.platform !== 'linux') return none;
  for (const step of ladder) if (await works(step.flags)) return step;
  return none;
}

async function works(flags: readonly string[]): Promise<boolean> {
  const child = spawn('/bin/sh', ['-c', 'exec unshare "$@" true', 'sh', ...flags], { env: {}, stdio: 'ignore' });
  try {
    const [code] = await once(child, 'exit');
    return code === 0;
  } catch {
    // No shell: nothing of it works here.
    return false;
  }
}
