import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { inPath } from '../needs.ts';
import { scratchFolder } from '../server.ts';
import { unusedPort } from './unused-port.ts';

export interface TestRedis {
  readonly port: number;
  /** `redis://127.0.0.1:port` */
  readonly url: string;
  readonly pid: number;
  /** Speaks to it beside the server under test. */
  command(name: string, ...args: (string | number)[]): Promise<unknown>;
  flush(): Promise<unknown>;
  /** SIGSTOP and SIGCONT: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After a kill, on the same port; nothing is remembered. Does nothing while it runs. */
  start(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

export interface RedisOptions {
  password?: string;
  /** As lines of redis.conf without the dashes: `maxmemory 1mb`. */
  settings?: readonly string[];
}

/** A real server of its own on 127.0.0.1: Valkey where it is installed, else Redis. Needs 'valkey'. */
export async function startRedis({ password, settings = [] }: RedisOptions = {}): Promise<TestRedis> {
  const folder = scratchFolder('redis');
  const port = await unusedPort();
  const config = [
    `bind 127.0.0.1`,
    `port ${port}`,
    `dir ${folder.path}`,
    'save ""',
    'appendonly no',
    'databases 10000',
    ...(password === undefined ? [] : [`requirepass ${password}`]),
    ...settings,
  ].join('\n');
  let child: ChildProcess | undefined;
  const start = async () => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) return;
    child = spawn(inPath('valkey-server') ? 'valkey-server' : 'redis-server', ['-'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.unref();
    child.stdin?.end(config);
    await answering(port, child);
  };
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref(); // else nothing would keep this process from ending before it
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  // A test that fails before its end must not leave it behind.
  const atExit = () => void child?.kill('SIGKILL');
  process.once('exit', atExit);
  await start();
  const command = async (name: string, ...args: (string | number)[]) => {
    const secret = password === undefined ? {} : { password };
    const redis = new Redis({ port, host: '127.0.0.1', lazyConnect: true, ...secret });
    try {
      await redis.connect();
      return await redis.call(name, ...args);
    } finally {
      redis.disconnect();
    }
  };
  return {
    port,
    url: `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    get pid() {
      return child?.pid ?? 0;
    },
    command,
    flush: () => command('FLUSHALL'),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    kill: () => end('SIGKILL'),
    start,
    async stop() {
      process.removeListener('exit', atExit);
      await end('SIGKILL');
      folder.remove();
    },
  };
}

/** Anything it says, be it that it wants a password, means that it is there. */
async function answering(port: number, child: ChildProcess): Promise<void> {
  const end = Date.now() + 10_000;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const there = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => socket.write('PING\r\n'));
      socket.once('data', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
    });
    socket.destroy();
    if (there) return;
    if (child.exitCode !== null || Date.now() > end) throw new Error('the redis server did not start');
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
