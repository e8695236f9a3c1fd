import type { OvertakenUpload } from '#features/resumable/index.ts';
import type { Caller } from '#http/caller.ts';
import type { ErrorCode } from '#kit/error-codes.ts';
import type { Db } from '#platform/metadata/metadata.ts';

/** Uploads that wait, whose incident or stream takes nothing any more. Those that have all of their bytes end by themselves. */
export async function overtakenUploads(db: Db, limit: number): Promise<OvertakenUpload[]> {
  const rows = await db
    .selectFrom('resumable_uploads')
    .innerJoin('incidents', 'incidents.id', 'resumable_uploads.incident_id')
    .leftJoin('media_streams', 'media_streams.id', 'resumable_uploads.stream_id')
    .select(['resumable_uploads.id', 'incidents.deletion_state', 'incidents.status'])
    .where('resumable_uploads.state', '=', 'open')
    .where('resumable_uploads.incident_id', 'is not', null)
    .where((where) =>
      where.or([
        where('resumable_uploads.received_bytes', '<', where.ref('resumable_uploads.byte_size')),
        where('resumable_uploads.refusal', 'is not', null),
      ]),
    )
    .where((where) =>
      where.or([
        where('incidents.deletion_state', '<>', 'active'),
        where('incidents.status', '<>', 'open'),
        where('media_streams.status', '<>', 'open'),
      ]),
    )
    .orderBy('resumable_uploads.id')
    .limit(limit)
    .execute();
  return rows.map(({ id, ...incident }) => ({ id, code: codeOf(incident) }));
}

function codeOf(incident: { deletion_state: string; status: string }): ErrorCode {
  if (incident.deletion_state !== 'active') return 'incident_deleting';
  return incident.status === 'open' ? 'stream_not_open' : 'incident_closed';
}

export async function roleOf(db: Db, accountId: string): Promise<Caller['role']> {
  const found = await db.selectFrom('accounts').select('role').where('id', '=', accountId).executeTakeFirst();
  return found?.role ?? 'user';
}
