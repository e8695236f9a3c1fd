import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cellSettings } from './cells.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
const node = process.execPath;
/** Where a run of the cells made a bundle of it, that. */
export const main = process.env.PROOFLINE_TEST_MAIN ?? join(repository, 'src/main.ts');

export const adminPassword = 'correct horse battery staple';

/** A folder of its own for one test; gone when the test says so. */
export function scratchFolder(name = 'test'): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), `proofline-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the CLI to its end, or kills it after a time: its code is null then. Given a data folder, with what the current cell says about it. */
export async function cli(
  args: readonly string[],
  env: Record<string, string> = {},
  input = '',
  killAfterMs?: number,
): Promise<CliResult> {
  const cell = env.SAFE_DATA_DIR === undefined ? {} : await cellSettings(env.SAFE_DATA_DIR);
  const child = spawn(node, [main, ...args], { env: environment({ ...cell, ...env }), stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => {
    output.stdout += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    output.stderr += data.toString();
  });
  child.stdin.on('error', () => undefined).end(input);
  const killer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(killer);
  return { code, ...output };
}

export async function createAccount(
  dataDir: string,
  username: string,
  role: 'user' | 'admin',
  env: Record<string, string> = {},
) {
  const args = ['accounts', 'create', '--username', username, '--role', role, '--password-file', '-'];
  const result = await cli(args, { SAFE_DATA_DIR: dataDir, ...env }, adminPassword);
  if (result.code !== 0) throw new Error(`account not created: ${result.stderr}`);
}

export interface TestServer {
  /** `http://127.0.0.1:port` of the main and of the admin listener. */
  url: string;
  adminUrl: string;
  /** Where relays reach it, with SAFE_RELAY_API_BIND_ADDRS. */
  relayApiUrl: string;
  pid: number;
  process: ChildProcess;
  dataDir: string;
  /** Everything it wrote so far, standard output and error. */
  log: () => string;
  /** SIGTERM, and its exit code. */
  stop: () => Promise<number | null>;
  kill: () => Promise<void>;
}

export interface ServerOptions {
  dataDir: string;
  env?: Record<string, string>;
  /** Put before the node binary: strace, eatmydata, ip netns exec … */
  wrapper?: readonly string[];
  nodeArguments?: readonly string[];
  /** `lineage serve` or `relay` in place of `serve`; its listener is the main one then. */
  command?: readonly string[];
}

/** What a process says of its listeners. A relay has no admin listener, and one for metrics where it is told to. */
interface ReadyLine {
  main?: string[];
  lineage?: string[];
  relay?: string[];
  admin?: string[];
  metrics?: string[];
}

/** Starts `proofline serve` on free ports and resolves when it is ready; rejects with its output when it is not. */
export async function startServer(options: ServerOptions): Promise<TestServer> {
  const [command = node, ...args] = [
    ...(options.wrapper ?? []),
    node,
    ...(options.nodeArguments ?? []),
    main,
    ...(options.command ?? ['serve']),
  ];
  const cell = await cellSettings(options.dataDir);
  const child = spawn(command, args, {
    env: environment({
      ...cell,
      SAFE_DATA_DIR: options.dataDir,
      SAFE_MAIN_BIND_ADDRS: '127.0.0.1:0',
      SAFE_ADMIN_BIND_ADDRS: '127.0.0.1:0',
      STRICTURE_SERVER_ADDR: '127.0.0.1:0',
      SAFE_RELAY_BIND_ADDRS: '127.0.0.1:0',
      SAFE_RELAY_RATE_LIMIT_ENABLED: 'false',
      SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'false',
      SAFE_PUBLIC_VIEWER_RATE_LIMIT_ENABLED: 'false',
      // A document is work for several processes; the tests that are about that work set this themselves.
      SAFE_JOBS_CONCURRENCY: '0',
      ...options.env,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (data: Buffer) => {
    output += data.toString();
  });
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  const ready = new Promise<ReadyLine>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      if (line.includes('"msg":"ready"')) resolve(JSON.parse(line));
    });
    child.once('error', reject);
    void exited.then(([code, signal]) =>
      reject(new Error(`the server ended (${code ?? signal}) before it was ready:\n${output}`)),
    );
  });
  const addresses = await ready;
  return {
    url: `http://${(addresses.main ?? addresses.lineage ?? addresses.relay)?.[0]}`,
    adminUrl: `http://${(addresses.admin ?? addresses.metrics)?.[0]}`,
    relayApiUrl: `http://${addresses.relay?.[0]}`,
    pid: child.pid ?? 0,
    process: child,
    dataDir: options.dataDir,
    log: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

const otherSettings = ['NODE_TEST_CONTEXT', 'REDIS_URL', 'DATABASE_URL', 'DATABASE_MIGRATE_URL', 'SECRET_KEY'];

/** Nothing of the caller's own configuration reaches a server under test. */
function environment(extra: Record<string, string>): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      !/^(SAFE|STRICTURE_SERVER)_/.test(entry[0]) &&
      !otherSettings.includes(entry[0]) &&
      !entry[0].startsWith('MINIO_'),
  );
  return {
    ...Object.fromEntries(inherited),
    UV_THREADPOOL_SIZE: '16',
    // Servers are started by the hundred; without it each would strip and compile every module anew.
    NODE_COMPILE_CACHE: join(tmpdir(), 'proofline-compile-cache'),
    ...extra,
  };
}

export function writeFileIn(folder: string, name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}
