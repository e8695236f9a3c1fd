import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { scratchFolder } from './server.ts';

export type Filesystem = 'ext4' | 'xfs';

/**
 * Lives in a mount namespace of its own and does there what it is told, a line at a time: FS_IOC_SHUTDOWN without flushing the log,
 * which Node cannot ask for, or a command. Ends with its input, and every mount with it, however the test ends.
 */
const keeper = String.raw`
$| = 1;
while (<STDIN>) {
  chomp;
  my ($verb, @arguments) = split /\t/;
  if ($verb eq 'cut') {
    my $how = pack('I', 2);
    my $good = 1;
    for my $mount (@arguments) {
      my $folder;
      sysopen($folder, $mount, 0) && ioctl($folder, 0x8004587d, $how) or $good = 0;
    }
    print $good ? "ok\n" : "failed: $!\n";
  } else {
    print system(@arguments) == 0 ? "ok\n" : "failed: @arguments\n";
  }
}
`;

export interface MountSpace {
  /** Put before a command, it runs where the volumes are mounted. */
  readonly wrapper: readonly string[];
  /** A path of inside the namespace, as it is reached from here. */
  seen(path: string): string;
  run(...command: readonly string[]): Promise<void>;
  image(name: string, filesystem: Filesystem, megabytes: number): Promise<MountedImage>;
  tmpfs(name: string, options: string): Promise<string>;
  close(): Promise<void>;
}

export interface MountedImage {
  readonly path: string;
  unmount(): Promise<void>;
  mount(): Promise<void>;
}

/** Needs root, unshare, mount, perl, and loop devices with mkfs for images. */
export async function openMountSpace(): Promise<
  MountSpace & { cut(...images: readonly MountedImage[]): Promise<void> }
> {
  const scratch = scratchFolder('volume');
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'perl', '-e', keeper], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const told = teller(child);
  const pid = child.pid ?? 0;
  const run = (...command: readonly string[]) => told(['run', ...command]);

  return {
    // Some environments make new namespaces slowly; entering an existing one is cheap and keeps the pid.
    wrapper: ['nsenter', `--mount=/proc/${pid}/ns/mnt`, '--'],
    seen: (path) => `/proc/${pid}/root${path}`,
    run,
    async image(name, filesystem, megabytes) {
      const file = join(scratch.path, `${name}.img`);
      const path = join(scratch.path, name);
      mkdirSync(path);
      writeFileSync(file, '');
      truncateSync(file, megabytes * 1024 * 1024);
      const made = spawnSync(`mkfs.${filesystem}`, ['-q', file], { env: { ...process.env, PATH: wholePath() } });
      if (made.status !== 0) throw new Error(`mkfs.${filesystem}: ${made.stderr.toString()}`);
      const mount = () => run('mount', '-o', 'loop', file, path);
      await mount();
      return { path, mount, unmount: () => insist(() => run('umount', path)) };
    },
    async tmpfs(name, options) {
      const path = join(scratch.path, name);
      mkdirSync(path);
      await run('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path);
      return path;
    },
    cut: (...images) => told(['cut', ...images.map(({ path }) => path)]),
    async close() {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      scratch.remove();
    },
  };
}

function teller(child: ChildProcess): (words: readonly string[]) => Promise<void> {
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  if (child.stdout === null || child.stdin === null) throw new Error('the keeper has no pipes');
  const input = child.stdin;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const next = waiting.shift();
    if (line === 'ok') next?.resolve();
    else next?.reject(new Error(line));
  });
  let ended = false;
  child.once('exit', () => {
    ended = true;
    for (const { reject } of waiting.splice(0)) reject(new Error('the keeper of the mounts ended'));
  });
  return (words) =>
    new Promise((resolve, reject) => {
      if (ended) return reject(new Error('the keeper of the mounts ended'));
      waiting.push({ resolve, reject });
      input.write(`${words.join('\t')}\n`);
    });
}

/** The last threads of a killed process may hold the mount for a moment. */
async function insist(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function wholePath(): string {
  return `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
}
