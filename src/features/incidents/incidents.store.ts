import type { Db } from '#platform/metadata/metadata.ts';
import type { IncidentRow } from './incident-access.ts';
import type { DeletionState } from './incidents.tables.ts';

/** Newest first; `ownerId` undefined lists every owner's, null those without one. */
export async function listIncidents(
  db: Db,
  ownerId: string | null | undefined,
  limit: number,
  before?: string,
): Promise<IncidentRow[]> {
  return await db
    .selectFrom('incidents')
    .selectAll()
    .$if(ownerId === null, (query) => query.where('owner_account_id', 'is', null))
    .$if(typeof ownerId === 'string', (query) => query.where('owner_account_id', '=', ownerId ?? ''))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

export interface IncidentFilter {
  /** As for listIncidents. */
  ownerId?: string | null | undefined;
  status?: IncidentRow['status'] | undefined;
  deletionState?: DeletionState | undefined;
}

/** Newest first. */
export async function findIncidents(
  db: Db,
  { ownerId, status, deletionState }: IncidentFilter,
  limit: number,
  before?: string,
): Promise<IncidentRow[]> {
  return await db
    .selectFrom('incidents')
    .selectAll()
    .$if(ownerId === null, (query) => query.where('owner_account_id', 'is', null))
    .$if(typeof ownerId === 'string', (query) => query.where('owner_account_id', '=', ownerId ?? ''))
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? 'open'))
    .$if(deletionState !== undefined, (query) => query.where('deletion_state', '=', deletionState ?? 'active'))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

export interface IncidentCount {
  status: IncidentRow['status'];
  deletion_state: DeletionState;
  count: number;
}

export async function countIncidents(db: Db): Promise<IncidentCount[]> {
  const rows = await db
    .selectFrom('incidents')
    .select((builder) => ['status', 'deletion_state', builder.fn.countAll<number>().as('count')])
    .groupBy(['status', 'deletion_state'])
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}
