import type { Expression, SqlBool } from 'kysely';
import { expressionBuilder } from 'kysely';
import type { Timestamp } from '#kit/time.ts';
import type { Db, Tables } from '#platform/metadata/metadata.ts';
import { holdingStates, stateAt } from '../safety-checks/safety-check-state.ts';

/** What keeps retention from an incident whose time is over. None of them keeps its owner from deleting it. */
export type RetentionHold =
  | { kind: 'safety_check'; id: string; state: 'active' | 'missed' }
  /** Nobody has said yet that it is all there, or that no more will come. */
  | { kind: 'open_stream'; id: string }
  /** Its sender has not been told yet what became of it. */
  | { kind: 'open_upload'; id: string };

/** For a query over incidents: whether anything holds the one with that id. */
export function isHeld(incidentId: Expression<string>): Expression<SqlBool> {
  const { or, exists, selectFrom } = expressionBuilder<Tables>();
  return or([
    exists(
      selectFrom('safety_checks')
        .select('safety_checks.id')
        .where('safety_checks.incident_id', '=', incidentId)
        .where('safety_checks.state', 'in', holdingStates),
    ),
    exists(
      selectFrom('media_streams')
        .select('media_streams.id')
        .where('media_streams.incident_id', '=', incidentId)
        .where('media_streams.status', '=', 'open'),
    ),
    exists(
      selectFrom('resumable_uploads')
        .select('resumable_uploads.id')
        .where('resumable_uploads.incident_id', '=', incidentId)
        .where('resumable_uploads.state', '=', 'open'),
    ),
  ]);
}

/** Everything that holds them, by incident; those that nothing holds are missing. */
export async function holdsOf(
  db: Db,
  incidentIds: readonly string[],
  at: Timestamp,
): Promise<Map<string, RetentionHold[]>> {
  const holds = new Map<string, RetentionHold[]>();
  if (incidentIds.length === 0) return holds;
  const add = (incidentId: string, hold: RetentionHold) =>
    holds.set(incidentId, [...(holds.get(incidentId) ?? []), hold]);
  const checks = await db
    .selectFrom('safety_checks')
    .select(['id', 'incident_id', 'state', 'overdue_at'])
    .where('incident_id', 'in', incidentIds)
    .where('state', 'in', holdingStates)
    .execute();
  for (const check of checks)
    add(check.incident_id, {
      kind: 'safety_check',
      id: check.id,
      state: stateAt(check, at) === 'missed' ? 'missed' : 'active',
    });
  const streams = await db
    .selectFrom('media_streams')
    .select(['id', 'incident_id'])
    .where('incident_id', 'in', incidentIds)
    .where('status', '=', 'open')
    .orderBy('id')
    .execute();
  for (const { id, incident_id } of streams) add(incident_id, { kind: 'open_stream', id });
  const uploads = await db
    .selectFrom('resumable_uploads')
    .select(['id', 'incident_id'])
    .where('incident_id', 'in', incidentIds)
    .where('state', '=', 'open')
    .orderBy('id')
    .execute();
  for (const { id, incident_id } of uploads) if (incident_id !== null) add(incident_id, { kind: 'open_upload', id });
  return holds;
}
