import { Problem } from '#kit/errors.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { assertNotDeleting, incidentHeld } from '../incident-access.ts';
import type { IncidentTokenRow } from './viewer-tokens.store.ts';

export const createTokenTransaction = transaction('viewer_tokens.create', async (trx, token: IncidentTokenRow) => {
  const incident = await incidentHeld(trx, token.incident_id);
  if (incident === undefined) throw new Problem('incident_not_found');
  assertNotDeleting(incident);
  await trx.insertInto('incident_tokens').values(token).execute();
});

export const revokeTokenTransaction = transaction(
  'viewer_tokens.revoke',
  async (trx, input: { tokenId: string; at: string }) => {
    const result = await trx
      .updateTable('incident_tokens')
      .set({ revoked_at: input.at })
      .where('id', '=', input.tokenId)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },
);

export const viewerTokenTransactions = [createTokenTransaction, revokeTokenTransaction];
