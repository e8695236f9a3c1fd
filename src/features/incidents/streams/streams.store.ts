import type { Selectable } from 'kysely';
import { Problem } from '#kit/errors.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { MediaStreamsTable } from './streams.tables.ts';

export type StreamRow = Selectable<MediaStreamsTable>;

export async function streamOf(db: Db, incidentId: string, streamId: string): Promise<StreamRow> {
  const stream = await db
    .selectFrom('media_streams')
    .selectAll()
    .where('id', '=', streamId)
    .where('incident_id', '=', incidentId)
    .executeTakeFirst();
  if (stream === undefined) throw new Problem('stream_not_found');
  return stream;
}

export async function streamsOf(db: Db, incidentId: string): Promise<StreamRow[]> {
  return await db.selectFrom('media_streams').selectAll().where('incident_id', '=', incidentId).orderBy('id').execute();
}
