import { auditEntry } from '#features/audit/index.ts';
import { type JobRow, newJob } from '#features/jobs/index.ts';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import { assertOwnFolder, type ConnectionDeps, connectionAudit } from './change-connection.ts';
import { type ConnectionRow, connectionFor } from './cloud.store.ts';
import { startTransferTransaction } from './cloud.transactions.ts';
import { openCredentials } from './secrets/seal-credentials.ts';
import { type ImportWish, wishToInput } from './transfer/transfer-input.ts';

/** The job that brings it. Throws connection_not_found, folder_not_found, secret_key_missing. */
export async function requestImport(
  deps: ConnectionDeps,
  caller: Caller,
  id: string,
  wish: ImportWish,
): Promise<JobRow> {
  const row = await connectionFor(deps.metadata.read, caller, id);
  // Told now, to somebody who can do something about it.
  openCredentials(deps.keys, row);
  if (wish.folderId !== null) await assertOwnFolder(deps.metadata.read, caller, wish.folderId);
  return await start(deps, row, 'import', wishToInput(wish));
}

/** The job that mirrors now. Throws connection_not_found, secret_key_missing. */
export async function requestMirror(deps: ConnectionDeps, caller: Caller, id: string): Promise<JobRow> {
  const row = await connectionFor(deps.metadata.read, caller, id);
  openCredentials(deps.keys, row);
  return await start(deps, row, 'mirror', undefined);
}

async function start(
  { metadata }: ConnectionDeps,
  row: ConnectionRow,
  kind: 'import' | 'mirror',
  input: string | undefined,
): Promise<JobRow> {
  const now = Date.now();
  const started = await metadata.write(startTransferTransaction, {
    connectionId: row.id,
    job: transferJob(row, kind, input, now),
    audit: connectionAudit(row, kind, now),
  });
  if (started === undefined) throw new Problem('internal_error');
  return started;
}

export function transferJob(row: ConnectionRow, kind: 'import' | 'mirror', input: string | undefined, nowMs: number) {
  return newJob({
    kind,
    ownerAccountId: row.owner_account_id,
    cloudConnectionId: row.id,
    ...(input === undefined ? {} : { input }),
    at: timestamp(nowMs),
  });
}

/** The audit entry of what the schedule starts. */
export function scheduleAudit(row: ConnectionRow, nowMs: number) {
  return auditEntry(
    {
      actor: 'server',
      ownerAccountId: row.owner_account_id,
      action: 'connection.mirror',
      subjectType: 'connection',
      subjectId: row.id,
    },
    nowMs,
  );
}
