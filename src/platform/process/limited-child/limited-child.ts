import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { isolation } from './isolation.ts';

export interface ChildLimits {
  /** Wall clock, then SIGKILL for all of its processes. Milliseconds. */
  timeoutMs: number;
  /** Private writable memory, touched or not: RLIMIT_DATA, which Linux enforces whatever allocates. Bytes. */
  dataBytes: number;
  /** Of standard output. Bytes. */
  outputBytes: number;
}

export interface LimitedRun {
  command: string;
  args: readonly string[];
  /** All that its environment holds. */
  env?: Readonly<Record<string, string>>;
  /** A piece is read no longer once the next is asked for, so lent ones will do. Ended early when the child stops reading. */
  input: AsyncIterable<Uint8Array>;
  limits: ChildLimits;
  signal?: AbortSignal;
}

export type ChildFault = 'timeout' | 'memory' | 'output' | 'crashed';

/** The child came to no good end. What it said is content, and in here for nobody. */
export class ChildFailure extends Error {
  readonly fault: ChildFault;

  constructor(fault: ChildFault, how: string) {
    super(`a limited child failed: ${fault} (${how})`);
    this.name = 'ChildFailure';
    this.fault = fault;
  }
}

/** The shell sets the limits, since POSIX has no other program for it; nothing of a document is ever part of a command line. */
const underLimits =
  'ulimit -c 0 && ulimit -f 0 && ulimit -n 256 && ulimit -t "$1" && ulimit -d "$2" && shift 2 && exec "$@"';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Runs a program on bytes that nobody vouches for: no network and no sight of other processes where the kernel allows it, no environment,
 * an empty working folder, no file that it could write, and the limits. Resolves with its whole output. Throws ChildFailure, what reading
 * the input throws, or the signal's reason; no process of it is left then.
 */
export async function runLimited(run: LimitedRun): Promise<Buffer> {
  run.signal?.throwIfAborted();
  const { flags } = await isolation();
  const folder = await mkdtemp(join(tmpdir(), 'proofline-child-'));
  try {
    return await outputOf(start(run, flags, folder), run);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function start({ command, args, env, limits }: LimitedRun, flags: readonly string[], cwd: string): Child {
  // Of all its threads together; what ends it should this process be gone by then.
  const seconds = Math.ceil((4 * limits.timeoutMs) / 1000);
  const kibibytes = Math.ceil(limits.dataBytes / 1024);
  const isolated = flags.length === 0 ? [] : ['unshare', ...flags];
  const words = [String(seconds), String(kibibytes), ...isolated, command, ...args];
  // A group of its own, so that one signal ends whatever it may have started.
  return spawn('/bin/sh', ['-c', underLimits, 'sh', ...words], { cwd, env: { ...env }, stdio: 'pipe', detached: true });
}

function outputOf(child: Child, { input, limits, signal }: LimitedRun): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const output: Buffer[] = [];
    let outputBytes = 0;
    let lastWords = '';
    let reason: unknown;
    const end = (why: unknown) => {
      reason ??= why;
      killGroup(child);
    };
    const timer = setTimeout(() => end(new ChildFailure('timeout', `${limits.timeoutMs} ms`)), limits.timeoutMs);
    const aborted = () => end(signal?.reason);
    signal?.addEventListener('abort', aborted, { once: true });
    child.stdout.on('data', (data: Buffer) => {
      outputBytes += data.length;
      if (outputBytes > limits.outputBytes) end(new ChildFailure('output', `more than ${limits.outputBytes} bytes`));
      else output.push(data);
    });
    child.stderr.on('data', (data: Buffer) => {
      lastWords = (lastWords + data.toString('latin1')).slice(-lastWordsLength);
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      reject(error);
    });
    child.once('close', (code, killedBy) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      // Its own end is no reason for processes that it left behind.
      killGroup(child);
      if (reason !== undefined) reject(reason);
      else if (code === 0) resolve(Buffer.concat(output));
      else reject(failureOf(code, killedBy, lastWords));
    });
    feed(child.stdin, input).catch(end);
  });
}

async function feed(stdin: Writable, input: AsyncIterable<Uint8Array>): Promise<void> {
  let gone = false;
  // Whoever has read enough closes its end; why it ended, its exit says.
  stdin.on('error', () => {
    gone = true;
  });
  for await (const piece of input) {
    if (gone || stdin.destroyed) break;
    await new Promise<void>((resolve) => stdin.write(piece, () => resolve()));
  }
  stdin.end();
}

function killGroup(child: Child): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ESRCH: nobody is left in it.
  }
}

/** A stack trace of V8 stands behind the words that say why. */
const lastWordsLength = 16_384;
const outOfMemory = /out of memory|heap limit|bad_alloc|allocate memory|allocation failed|ENOMEM/i;

/** The shell or unshare could not start it: the machine's fault and not the input's, so it is worth another attempt. */
const notStarted = /^(sh|\/bin\/sh|unshare): /;

function failureOf(code: number | null, killedBy: NodeJS.Signals | null, lastWords: string): Error {
  if (code !== null && notStarted.test(lastWords)) return new Error(`a limited child did not start (exit ${code})`);
  const how = killedBy ?? `exit ${code}`;
  if (killedBy === 'SIGXCPU') return new ChildFailure('timeout', how);
  // Nobody here sent that signal: the kernel did, whose memory is short.
  if (killedBy === 'SIGKILL' || outOfMemory.test(lastWords)) return new ChildFailure('memory', how);
  return new ChildFailure('crashed', how);
}
