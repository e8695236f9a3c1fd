import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Api, openIncident, openStream, signIn } from '../../test/support/api.ts';
import { createAccount, startServer } from '../../test/support/server.ts';

export interface Measured {
  name: 'ours' | 'reference';
  port: number;
  pid: number;
  stop(): Promise<unknown>;
}

export interface Ours extends Measured {
  /** Where relays reach it, when told to. */
  relayApiUrl: string;
  api: Api;
  incident: string;
  stream: string;
}

/** Our server as an operator runs it, but for limits and the log level. */
export async function startOurs(
  dataDir: string,
  isNew = true,
  env: Record<string, string> = {},
  nodeArguments: readonly string[] = [],
): Promise<Ours> {
  if (isNew) await createAccount(dataDir, 'bench', 'admin', env);
  const server = await startServer({ dataDir, env: { SAFE_SESSION_TTL: '24h', ...env }, nodeArguments });
  const api = await signIn(server.url, 'bench');
  const incident = await openIncident(api);
  const stream = await openStream(api, incident);
  return {
    name: 'ours',
    port: Number(new URL(server.url).port),
    pid: server.pid,
    stop: server.stop,
    relayApiUrl: server.relayApiUrl,
    api,
    incident,
    stream,
  };
}

export function startReference(dataDir: string, file = ''): Promise<Measured> {
  return startBare(fileURLToPath(new URL('./reference-server.ts', import.meta.url)), [dataDir, file]);
}

/** A script that says on which port it listens. */
export async function startBare(script: string, args: readonly string[]): Promise<Measured> {
  const child: ChildProcess = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no pipe to the reference server');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const stop = async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { name: 'reference', port: JSON.parse(line).port, pid: child.pid ?? 0, stop };
}
