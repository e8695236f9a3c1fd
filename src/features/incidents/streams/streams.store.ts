import type { Selectable } from 'kysely';
import { Problem } from '#kit/errors.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { MediaStreamsTable } from './streams.tables.ts';

export type StreamRow = Selectable<MediaStreamsTable>;

const byIds = compiled((db, by: { incidentId: string; streamId: string }) =>
  db.selectFrom('media_streams').selectAll().where('id', '=', by.streamId).where('incident_id', '=', by.incidentId),
);

export async function streamOf(db: Db, incidentId: string, streamId: string): Promise<StreamRow> {
  const stream = await byIds.first(db, { incidentId, streamId });
  if (stream === undefined) throw new Problem('stream_not_found');
  return stream;
}

const byIdsToChange = compiled((db, by: { incidentId: string; streamId: string }) =>
  db
    .selectFrom('media_streams')
    .selectAll()
    .where('id', '=', by.streamId)
    .where('incident_id', '=', by.incidentId)
    .forNoKeyUpdate(),
);

/** For changing it or adding to it: one transaction at a time. */
export async function streamToChange(trx: Trx, incidentId: string, streamId: string): Promise<StreamRow | undefined> {
  return await byIdsToChange.first(trx, { incidentId, streamId });
}

export async function streamsOf(db: Db, incidentId: string): Promise<StreamRow[]> {
  return await db.selectFrom('media_streams').selectAll().where('incident_id', '=', incidentId).orderBy('id').execute();
}
