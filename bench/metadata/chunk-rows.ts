import { newId } from '#kit/ids.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import { type AnyTransaction, transaction } from '#platform/metadata/metadata.ts';

/** A row as an accepted upload of 64 KiB makes it. */
export type ChunkRow = {
  id: string;
  incident_id: string;
  stream_id: string;
  chunk_index: number;
  media_type: 'video';
  started_at: string;
  ended_at: string;
  original_filename: string;
  stored_path: string;
  byte_size: number;
  sha256_hex: string;
  created_at: string;
};

const at = '2026-01-02T03:04:05.678Z';
const streams = 32;

export function chunkRow(n: number): ChunkRow {
  const stream = n % streams;
  const hash = n.toString(16).padStart(64, '0');
  return {
    id: newId('chk'),
    incident_id: `inc_${stream}`,
    stream_id: `str_${stream}`,
    chunk_index: Math.floor(n / streams) + 1,
    media_type: 'video',
    started_at: at,
    ended_at: at,
    original_filename: `part-${n}.enc`,
    stored_path: `incidents/inc_${stream}/streams/str_${stream}/video_${String(n).padStart(6, '0')}.enc`,
    byte_size: 65_536,
    sha256_hex: hash,
    created_at: at,
  };
}

type Times = { created_at: string; updated_at: string };
type BenchTables = {
  chunks: ChunkRow;
  incidents: { id: string; status: 'open' } & Times;
  media_streams: { id: string; incident_id: string; media_type: 'video'; status: 'open' } & Times;
};

export const makeStreams = transaction('bench.make-streams', async (trx, _input: undefined) => {
  const db = trx.withTables<BenchTables>();
  for (let n = 0; n < streams; n++) {
    const times = { created_at: at, updated_at: at };
    await db
      .insertInto('incidents')
      .values({ id: `inc_${n}`, status: 'open', ...times })
      .execute();
    const stream = { id: `str_${n}`, incident_id: `inc_${n}`, media_type: 'video', status: 'open', ...times } as const;
    await db.insertInto('media_streams').values(stream).execute();
  }
});

const insert = compiled((db, row: ChunkRow) =>
  db.withTables<BenchTables>().insertInto('chunks').values({
    id: row.id,
    incident_id: row.incident_id,
    stream_id: row.stream_id,
    chunk_index: row.chunk_index,
    media_type: row.media_type,
    started_at: row.started_at,
    ended_at: row.ended_at,
    original_filename: row.original_filename,
    stored_path: row.stored_path,
    byte_size: row.byte_size,
    sha256_hex: row.sha256_hex,
    created_at: row.created_at,
  }),
);

export const insertChunk = transaction('bench.insert-chunk', async (trx, row: ChunkRow) => {
  await insert.changes(trx, row);
});

export const benchTransactions: readonly AnyTransaction[] = [makeStreams, insertChunk];
