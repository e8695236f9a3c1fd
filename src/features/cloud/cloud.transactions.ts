import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { insertJobs, type JobRow, type NewJob } from '#features/jobs/index.ts';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import { type Trx, transaction } from '#platform/metadata/metadata.ts';
import { type ConnectionRow, connectionById } from './cloud.store.ts';
import type { Sealed } from './secrets/seal-credentials.ts';

/** So many may an account have. */
const mostConnections = 100;

export interface AddConnection {
  row: ConnectionRow;
  audit: AuditEntry;
}

/** Throws connection_name_conflict, too_many_connections. */
export const addConnectionTransaction = transaction('cloud.add', async (trx, { row, audit }: AddConnection) => {
  await assertNameFree(trx, row.owner_account_id, row.name, row.id);
  const { count } = await trx
    .selectFrom('cloud_connections')
    .select((select) => select.fn.countAll().as('count'))
    .where('owner_account_id', '=', row.owner_account_id)
    .executeTakeFirstOrThrow();
  if (Number(count) >= mostConnections) throw new Problem('too_many_connections');
  await trx.insertInto('cloud_connections').values(row).execute();
  await appendAudit(trx, audit);
});

export interface ChangeConnection {
  id: string;
  changes: Partial<
    Pick<
      ConnectionRow,
      | 'name'
      | 'sealed_credentials'
      | 'key_id'
      | 'mirror_folder_id'
      | 'mirror_path'
      | 'mirror_every_seconds'
      | 'mirror_due_at'
    >
  >;
  at: Timestamp;
  audit: AuditEntry;
}

/** Throws connection_not_found, connection_name_conflict. */
export const changeConnectionTransaction = transaction(
  'cloud.change',
  async (trx, { id, changes, at, audit }: ChangeConnection): Promise<ConnectionRow> => {
    const row = await heldConnection(trx, id);
    if (row === undefined) throw new Problem('connection_not_found');
    if (changes.name !== undefined) await assertNameFree(trx, row.owner_account_id, changes.name, id);
    const change = { ...changes, updated_at: at };
    await trx.updateTable('cloud_connections').set(change).where('id', '=', id).execute();
    await appendAudit(trx, audit);
    return { ...row, ...change };
  },
);

export interface RemoveConnection {
  id: string;
  audit: AuditEntry;
}

/** Its jobs and items go with it; documents stay. Throws connection_not_found. */
export const removeConnectionTransaction = transaction(
  'cloud.remove',
  async (trx, { id, audit }: RemoveConnection): Promise<void> => {
    const removed = await trx.deleteFrom('cloud_connections').where('id', '=', id).executeTakeFirst();
    if (Number(removed.numDeletedRows) === 0) throw new Problem('connection_not_found');
    await appendAudit(trx, audit);
  },
);

export interface RecordCheck {
  id: string;
  /** Null: it works. */
  error: string | null;
  at: Timestamp;
  audit: AuditEntry;
}

/** Throws connection_not_found. */
export const recordCheckTransaction = transaction(
  'cloud.check',
  async (trx, { id, error, at, audit }: RecordCheck): Promise<ConnectionRow> => {
    const row = await heldConnection(trx, id);
    if (row === undefined) throw new Problem('connection_not_found');
    const change = { checked_at: at, check_error: error };
    await trx.updateTable('cloud_connections').set(change).where('id', '=', id).execute();
    await appendAudit(trx, audit);
    return { ...row, ...change };
  },
);

export interface StartTransfer {
  connectionId: string;
  job: NewJob;
  /** Set by the schedule, and then it counts: nothing is put down unless the mirror is still due. */
  schedule?: { now: Timestamp; nextDueAt: Timestamp };
  audit: AuditEntry;
}

/**
 * Puts the job down, unless one with the same wish waits or runs: then that is the answer. Undefined when the schedule had nothing to
 * start. Throws connection_not_found.
 */
export const startTransferTransaction = transaction(
  'cloud.start',
  async (trx, { connectionId, job, schedule, audit }: StartTransfer): Promise<JobRow | undefined> => {
    const row = await heldConnection(trx, connectionId);
    if (row === undefined) throw new Problem('connection_not_found');
    if (schedule !== undefined) {
      if (row.mirror_due_at === null || row.mirror_due_at > schedule.now) return undefined;
      await trx
        .updateTable('cloud_connections')
        .set({ mirror_due_at: schedule.nextDueAt })
        .where('id', '=', connectionId)
        .execute();
    }
    const open = await trx
      .selectFrom('jobs')
      .selectAll()
      .where('cloud_connection_id', '=', connectionId)
      .where('kind', '=', job.kind)
      .where('state', 'in', ['waiting', 'running'])
      .where((where) => where(where.fn.coalesce('input', where.val('')), '=', job.input ?? ''))
      .executeTakeFirst();
    if (open !== undefined) return schedule === undefined ? open : undefined;
    await insertJobs(trx, [job]);
    const made = await trx.selectFrom('jobs').selectAll().where('id', '=', job.id).executeTakeFirstOrThrow();
    await appendAudit(trx, audit);
    return made;
  },
);

export interface ResealConnection {
  id: string;
  from: Sealed;
  to: Sealed;
  at: Timestamp;
}

/** False when somebody changed it meanwhile: it is looked at again. */
export const resealConnectionTransaction = transaction(
  'cloud.reseal',
  async (trx, { id, from, to, at }: ResealConnection): Promise<boolean> => {
    const changed = await trx
      .updateTable('cloud_connections')
      .set({ ...to, updated_at: at })
      .where('id', '=', id)
      .where('sealed_credentials', '=', from.sealed_credentials)
      .executeTakeFirst();
    return Number(changed.numUpdatedRows) > 0;
  },
);

/** Locked until the commit. */
export async function heldConnection(trx: Trx, id: string): Promise<ConnectionRow | undefined> {
  const held = await trx
    .selectFrom('cloud_connections')
    .select('id')
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return held === undefined ? undefined : await connectionById(trx, id);
}

async function assertNameFree(trx: Trx, ownerId: string, name: string, exceptId: string): Promise<void> {
  const namesake = await trx
    .selectFrom('cloud_connections')
    .select('id')
    .where('owner_account_id', '=', ownerId)
    .where('name', '=', name)
    .where('id', '<>', exceptId)
    .executeTakeFirst();
  if (namesake !== undefined) throw new Problem('connection_name_conflict');
}

export const connectionTransactions = [
  addConnectionTransaction,
  changeConnectionTransaction,
  removeConnectionTransaction,
  recordCheckTransaction,
  startTransferTransaction,
  resealConnectionTransaction,
];
