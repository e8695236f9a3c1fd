import type { Selectable } from 'kysely';
import type { JobRow } from '#features/jobs/index.ts';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { CloudConnectionsTable, CloudItemsTable } from './cloud.tables.ts';

export type ConnectionRow = Selectable<CloudConnectionsTable>;
export type ItemRow = Selectable<CloudItemsTable>;

/** The caller's own connection; to everybody else it does not exist. Throws connection_not_found. */
export async function connectionFor(db: Db, caller: Caller, id: string): Promise<ConnectionRow> {
  const row = await connectionById(db, id);
  if (row?.owner_account_id !== caller.accountId) throw new Problem('connection_not_found');
  return row;
}

export async function connectionById(db: Db, id: string): Promise<ConnectionRow | undefined> {
  return await db.selectFrom('cloud_connections').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function listConnections(
  db: Db,
  ownerId: string,
  limit: number,
  after?: string,
): Promise<ConnectionRow[]> {
  return await db
    .selectFrom('cloud_connections')
    .selectAll()
    .where('owner_account_id', '=', ownerId)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Whose mirrors are due, the longest due first. */
export async function dueConnections(db: Db, now: string, limit: number): Promise<ConnectionRow[]> {
  return await db
    .selectFrom('cloud_connections')
    .selectAll()
    .where('mirror_due_at', '<=', now)
    .orderBy('mirror_due_at')
    .limit(limit)
    .execute();
}

/** Those that are not sealed with the key of that id, in the order of their ids. */
export async function connectionsUnderOtherKeys(
  db: Db,
  keyId: string,
  limit: number,
  after: string,
): Promise<ConnectionRow[]> {
  return await db
    .selectFrom('cloud_connections')
    .selectAll()
    .where('key_id', '<>', keyId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

export async function itemAt(
  db: Db,
  connectionId: string,
  direction: ItemRow['direction'],
  remotePath: string,
): Promise<ItemRow | undefined> {
  return await db
    .selectFrom('cloud_items')
    .selectAll()
    .where('cloud_connection_id', '=', connectionId)
    .where('direction', '=', direction)
    .where('remote_path', '=', remotePath)
    .executeTakeFirst();
}

/** Newest first. */
export async function jobsOfConnection(
  db: Db,
  connectionId: string,
  limit: number,
  before?: string,
): Promise<JobRow[]> {
  return await db
    .selectFrom('jobs')
    .selectAll()
    .where('cloud_connection_id', '=', connectionId)
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}
