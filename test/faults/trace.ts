import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from '../support/server.ts';

/** One system call as strace saw it; begin and end are lines of the trace, so they order events of different threads. */
export interface TracedCall {
  name: string;
  /** With the paths of descriptors in angle brackets. */
  args: string;
  result: number;
  injected: boolean;
  begin: number;
  end: number;
}

export interface Tracer {
  /** After the traced process has ended. */
  calls(): Promise<TracedCall[]>;
}

const traced =
  'fsync,fdatasync,write,pwrite64,writev,pwritev,link,linkat,rename,renameat,renameat2,openat,unlink,unlinkat,mkdir,mkdirat,ftruncate';

/**
 * Attaches to a running process, so that ordinals count from here and not from its start. `inject` as strace has it:
 * `fsync:error=EIO:when=2`; it counts for each thread.
 */
export async function attachTracer(pid: number, inject?: string): Promise<Tracer> {
  const scratch = scratchFolder('trace');
  const file = join(scratch.path, 'trace');
  const injecting = inject === undefined ? [] : ['-e', `inject=${inject}`];
  const child = spawn(
    'strace',
    ['-f', '-y', '-s', '900', '-o', file, '-e', `trace=${traced}`, ...injecting, '-p', `${pid}`],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  await attached(child);
  const ended = once(child, 'close');
  return {
    async calls() {
      await ended;
      const text = readFileSync(file, 'latin1');
      scratch.remove();
      return parseTrace(text);
    },
  };
}

function attached(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (data: Buffer) => {
      said += data.toString();
      if (said.includes('attached')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`strace ended: ${said}`)));
  });
}

export function parseTrace(text: string): TracedCall[] {
  const calls: TracedCall[] = [];
  const unfinished = new Map<string, { text: string; begin: number }>();
  text.split('\n').forEach((line, at) => {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(pid, { text: rest.slice(0, -'<unfinished ...>'.length), begin: at });
      return;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const started = resumed === null ? undefined : unfinished.get(pid);
    const whole = resumed === null ? rest : `${started?.text ?? ''}${resumed[1]}`;
    const parts = /^(\w+)\((.*)\)\s+= (-?\d+)(?: E[A-Z]+ \([^)]*\))?( \(INJECTED\))?$/.exec(whole);
    if (parts === null) return;
    const [, name = '', args = '', result, injected] = parts;
    calls.push({
      name,
      args,
      result: Number(result),
      injected: injected !== undefined,
      begin: started?.begin ?? at,
      end: at,
    });
  });
  return calls.sort((a, b) => a.end - b.end);
}

/** The path of the descriptor that a call works on. */
export function descriptorPath({ args }: TracedCall): string {
  return /^\d+<([^>]*)>/.exec(args)?.[1] ?? '';
}
