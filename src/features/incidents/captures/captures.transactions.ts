import { Problem } from '#kit/errors.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { assertOpen, incidentHeld } from '../incident-access.ts';
import type { CaptureGroupRow } from './captures.store.ts';

export const createCaptureGroupTransaction = transaction(
  'captures.create_group',
  async (trx, group: CaptureGroupRow) => {
    const incident = await incidentHeld(trx, group.incident_id);
    if (incident === undefined) throw new Problem('incident_not_found');
    assertOpen(incident);
    await trx.insertInto('capture_groups').values(group).execute();
  },
);
