import { Problem } from '#kit/errors.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { assertOpen, incidentHeld } from '../incident-access.ts';
import type { CheckinRow } from './check-ins.store.ts';

export const createCheckinTransaction = transaction('checkins.create', async (trx, checkin: CheckinRow) => {
  const incident = await incidentHeld(trx, checkin.incident_id);
  if (incident === undefined) throw new Problem('incident_not_found');
  assertOpen(incident);
  await trx.insertInto('checkins').values(checkin).execute();
});
