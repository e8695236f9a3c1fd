import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { hasCode, RecorderError } from '../recorder-error.ts';

const remedy = [
  'Install it and try again:',
  '  Debian, Ubuntu   sudo apt-get install ffmpeg',
  '  Fedora           sudo dnf install ffmpeg-free',
  '  macOS            brew install ffmpeg',
  '  Windows          winget install ffmpeg',
  'or name it with --ffmpeg PATH. Without it, --files, --watch and --generate still record.',
].join('\n');

export interface RunningFfmpeg {
  /** Settles when the process is gone; throws RecorderError `ffmpeg_failed` unless it ended well or was asked to stop. */
  readonly ended: Promise<void>;
  /** Asks it to finish the segment it is writing; insists after a while. */
  stop(): void;
  kill(): void;
  /** A call for each line it writes to standard output, or to another of its outputs. */
  onLine(listen: (line: string) => void, descriptor?: number): void;
  /** Halts it, or lets it go on, where the system can. */
  hold(held: boolean): void;
}

/** Starts ffmpeg; with several outputs to be read, the second is descriptor 3. Throws RecorderError `ffmpeg_missing` with the remedy. */
export async function startFfmpeg(program: string, args: readonly string[], outputs = 1): Promise<RunningFfmpeg> {
  const more = Array.from({ length: outputs - 1 }, () => 'pipe' as const);
  const child = spawn(program, ['-hide_banner', '-loglevel', 'error', ...args], {
    stdio: ['pipe', 'pipe', 'pipe', ...more],
  }) as ChildProcessWithoutNullStreams; // the first three are pipes, which the types lose once there may be others
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    complaints = (complaints + part).slice(-2000);
  });
  const lines = new Map(
    [1, ...more.map((_, position) => position + 3)].map((descriptor) => {
      const input = child.stdio[descriptor];
      if (!(input instanceof Readable)) throw new TypeError(`descriptor ${descriptor} cannot be read`);
      return [descriptor, createInterface({ input })];
    }),
  );
  // Writing `q` to a process that is just going is no failure of ours.
  child.stdin.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(asMissing(program, error)));
  });
  let asked = false;
  const ended = new Promise<void>((resolve, reject) => {
    child.once('close', (code, signal) => {
      if (code === 0 || asked) resolve();
      else
        reject(
          new RecorderError(
            'ffmpeg_failed',
            `ffmpeg stopped (${signal ?? `exit code ${code}`}). It said: ${complaints.trim() || 'nothing'}`,
          ),
        );
    });
  });
  ended.catch(() => undefined); // awaited by the source, but perhaps only after it is settled
  return {
    ended,
    stop: () => {
      asked = true;
      child.kill('SIGCONT');
      insist(child);
    },
    onLine: (listen, descriptor = 1) => void lines.get(descriptor)?.on('line', listen),
    hold: (held) => {
      if (process.platform !== 'win32') child.kill(held ? 'SIGSTOP' : 'SIGCONT');
    },
    kill: () => {
      asked = true;
      child.kill('SIGKILL');
    },
  };
}

/** Throws RecorderError `ffmpeg_missing` when the program cannot be run. */
export async function requireFfmpeg(program: string): Promise<void> {
  const { ended } = await startFfmpeg(program, ['-version']);
  await ended;
}

function insist(child: ChildProcess): void {
  child.stdin?.end('q');
  const timers = [setTimeout(() => child.kill('SIGINT'), 3000), setTimeout(() => child.kill('SIGKILL'), 8000)];
  child.once('close', () => timers.forEach(clearTimeout));
}

function asMissing(program: string, error: unknown): unknown {
  if (!hasCode(error, 'ENOENT', 'EACCES')) return error;
  return new RecorderError('ffmpeg_missing', `This source needs ffmpeg, and "${program}" cannot be run. ${remedy}`, {
    cause: error,
  });
}
