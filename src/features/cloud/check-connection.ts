import type { Caller } from '#http/caller.ts';
import { isProblem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { connectionAudit } from './change-connection.ts';
import { type ConnectionRow, connectionFor } from './cloud.store.ts';
import { recordCheckTransaction } from './cloud.transactions.ts';
import { openRemote, type RemoteDeps } from './remote/open-remote.ts';
import type { RemotePath } from './remote/remote-path.ts';
import type { RemotePage, RemoteStore } from './remote/remote-store.ts';

/** A person waits for the answer. Milliseconds. */
const patienceMs = 30_000;

/** Tries it, and keeps what came of it. Throws connection_not_found, secret_key_missing, and what the other side's store throws. */
export async function checkConnection(
  deps: RemoteDeps & { metadata: Metadata },
  caller: Caller,
  id: string,
): Promise<ConnectionRow> {
  const row = await connectionFor(deps.metadata.read, caller, id);
  const failure = await withRemote(deps, row, (remote, signal) => remote.check(signal)).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure !== undefined && !isProblem(failure)) throw failure;
  const now = Date.now();
  const checked = await deps.metadata.write(recordCheckTransaction, {
    id,
    error: failure?.code ?? null,
    at: timestamp(now),
    audit: connectionAudit(row, 'test', now, failure?.code),
  });
  if (failure !== undefined) throw failure;
  return checked;
}

/** A page of a folder of the other side. Throws as checkConnection, and remote_path_not_found. */
export async function browse(
  deps: RemoteDeps & { metadata: Metadata },
  caller: Caller,
  id: string,
  { path, ...page }: { path: RemotePath; limit: number; after: string | undefined },
): Promise<RemotePage> {
  const row = await connectionFor(deps.metadata.read, caller, id);
  return await withRemote(deps, row, (remote, signal) => remote.list(path, page, signal));
}

async function withRemote<T>(
  deps: RemoteDeps,
  row: ConnectionRow,
  work: (remote: RemoteStore, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const remote = await openRemote(deps, row);
  try {
    return await work(remote, AbortSignal.timeout(patienceMs));
  } finally {
    remote.close();
  }
}
