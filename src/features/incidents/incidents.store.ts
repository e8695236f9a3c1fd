import type { Db } from '#platform/metadata/metadata.ts';
import type { IncidentRow } from './incident-access.ts';

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
