import { sql } from 'kysely';
import type { Timestamp } from '#kit/time.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { IncidentMode } from '../incident-mode.ts';
import { isHeld } from './retention-holds.ts';

export interface ClosedIncident {
  id: string;
  incident_mode: string | null;
  closed_at: string | null;
}

/** So many of those whose time is over are asked whether they are held, the oldest first: a dry run lets them pile up. */
const lookedAt = 10_000;

/** Closed before then, of a mode. Literals, as the index is about these alone. */
function overdue(db: Db, mode: IncidentMode | null, before: Timestamp) {
  return db
    .selectFrom('incidents')
    .select(['incidents.id', 'incidents.incident_mode', 'incidents.closed_at'])
    .where('incidents.status', '=', sql.lit('closed'))
    .where('incidents.deletion_state', '=', sql.lit('active'))
    .where('incidents.incident_mode', mode === null ? 'is' : '=', mode)
    .where('incidents.closed_at', '<', before)
    .orderBy('incidents.closed_at');
}

/** Oldest first; those that nothing holds. */
export async function dueIncidents(
  db: Db,
  mode: IncidentMode | null,
  before: Timestamp,
  limit: number,
): Promise<ClosedIncident[]> {
  return await overdue(db, mode, before)
    .where(({ not, ref }) => not(isHeld(ref('incidents.id'))))
    .limit(limit)
    .execute();
}

/** Oldest first; those that would go if nothing held them. */
export async function heldIncidents(
  db: Db,
  mode: IncidentMode | null,
  before: Timestamp,
  limit: number,
): Promise<ClosedIncident[]> {
  return await db
    .selectFrom(overdue(db, mode, before).limit(lookedAt).as('found'))
    .selectAll()
    .where(({ ref }) => isHeld(ref('found.id')))
    .orderBy('closed_at')
    .limit(limit)
    .execute();
}

/** Reads every row of their chunks: for a person who asks, not for the server. */
export async function sizesOf(db: Db, ids: readonly string[]): Promise<Map<string, { chunks: number; bytes: number }>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('chunks')
    .select((builder) => [
      'incident_id',
      builder.fn.countAll<number>().as('chunks'),
      builder.fn.sum<number>('byte_size').as('bytes'),
    ])
    .where('incident_id', 'in', ids)
    .groupBy('incident_id')
    .execute();
  return new Map(rows.map((row) => [row.incident_id, { chunks: Number(row.chunks), bytes: Number(row.bytes) }]));
}

/** Of viewer links or sessions, those that ended before then. */
export async function countEnded(
  db: Db,
  table: 'incident_tokens' | 'auth_sessions',
  before: Timestamp,
): Promise<number> {
  const row = await db
    .selectFrom(table)
    .select((builder) => builder.fn.countAll<number>().as('count'))
    .where((builder) => builder.or([builder('revoked_at', '<', before), builder('expires_at', '<', before)]))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Incidents that were deleted before then. */
export async function expiredTombstones(db: Db, deletedBefore: Timestamp, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('incident_deletion_decisions')
    .select('incident_id')
    .where('state', '=', 'deleted')
    .where('deleted_at', '<', deletedBefore)
    .limit(limit)
    .execute();
  return rows.map((row) => row.incident_id);
}
