import type { Selectable } from 'kysely';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { IncidentsTable } from './incidents.tables.ts';

export type IncidentRow = Selectable<IncidentsTable>;

const byId = compiled((db, by: { id: string }) => db.selectFrom('incidents').selectAll().where('id', '=', by.id));

export async function incidentById(db: Db, id: string): Promise<IncidentRow | undefined> {
  return await byId.first(db, { id });
}

const byIdShared = compiled((db, by: { id: string }) =>
  db.selectFrom('incidents').selectAll().where('id', '=', by.id).forShare(),
);

const byIdToChange = compiled((db, by: { id: string }) =>
  db.selectFrom('incidents').selectAll().where('id', '=', by.id).forNoKeyUpdate(),
);

/** For what hangs on its state: until the transaction ends nobody closes, deletes or gives it away. Others may hold it as well. */
export async function incidentHeld(trx: Trx, id: string): Promise<IncidentRow | undefined> {
  return await byIdShared.first(trx, { id });
}

/** For changing it: waits for everything that hangs on its state, and keeps the next out. */
export async function incidentToChange(trx: Trx, id: string): Promise<IncidentRow | undefined> {
  return await byIdToChange.first(trx, { id });
}

/** The incident, if it is the caller's or the caller is an administrator; to everybody else it does not exist. */
export async function incidentFor(db: Db, caller: Caller, id: string): Promise<IncidentRow> {
  const incident = await incidentById(db, id);
  if (incident === undefined) throw new Problem('incident_not_found');
  if (caller.role !== 'admin' && incident.owner_account_id !== caller.accountId)
    throw new Problem('incident_not_found');
  return incident;
}

/** The caller's own incident; to everybody else, administrators too, it does not exist. */
export async function ownIncidentFor(db: Db, caller: Caller, id: string): Promise<IncidentRow> {
  const incident = await incidentById(db, id);
  if (incident?.owner_account_id !== caller.accountId) throw new Problem('incident_not_found');
  return incident;
}

/** Under deletion nothing may be written, bundled or shared any more. */
export function assertNotDeleting(incident: Pick<IncidentRow, 'deletion_state'>): void {
  if (incident.deletion_state !== 'active') throw new Problem('incident_deleting');
}

export function assertOpen(incident: Pick<IncidentRow, 'deletion_state' | 'status'>): void {
  assertNotDeleting(incident);
  if (incident.status !== 'open') throw new Problem('incident_closed');
}
