import type { Selectable } from 'kysely';
import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { hashSecret, sameDigest } from '#platform/process/secrets.ts';
import { type IncidentRow, incidentById } from '../incident-access.ts';
import type { IncidentTokensTable } from './viewer-tokens.tables.ts';

export type IncidentTokenRow = Selectable<IncidentTokensTable>;

export async function tokenById(db: Db, id: string): Promise<IncidentTokenRow | undefined> {
  return await db.selectFrom('incident_tokens').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The incident that a viewer token opens. Whatever is wrong with the token or the incident, the answer is one: incident_token_invalid. */
export async function incidentOfViewerToken(db: Db, token: string): Promise<IncidentRow> {
  const hash = hashSecret(token);
  const row = await db.selectFrom('incident_tokens').selectAll().where('token_hash', '=', hash).executeTakeFirst();
  const good =
    row !== undefined &&
    sameDigest(row.token_hash, hash) &&
    row.revoked_at === null &&
    (row.expires_at === null || row.expires_at > timestamp(Date.now()));
  const incident = good ? await incidentById(db, row.incident_id) : undefined;
  if (incident === undefined || incident.deletion_state !== 'active') throw new Problem('incident_token_invalid');
  return incident;
}
