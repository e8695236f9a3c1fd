import type { Db } from '#platform/metadata/metadata.ts';

/** Where an accepted chunk stands on the timeline of its capture group. */
export interface StoredSource {
  capture_group_id: string;
  source_segment_id: string;
  source_sequence: number;
  source_started_at: string;
  source_ended_at: string;
  context_digest: string | null;
}

/** Those of the chunks that have one, by chunk. */
export async function sourcesOf(db: Db, chunkIds: readonly string[]): Promise<ReadonlyMap<string, StoredSource>> {
  if (chunkIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('chunk_sources')
    .innerJoin('source_segments', (join) =>
      join
        .onRef('source_segments.capture_group_id', '=', 'chunk_sources.capture_group_id')
        .onRef('source_segments.source_segment_id', '=', 'chunk_sources.source_segment_id'),
    )
    .where('chunk_sources.chunk_id', 'in', chunkIds)
    .select([
      'chunk_sources.chunk_id',
      'chunk_sources.capture_group_id',
      'chunk_sources.source_segment_id',
      'source_segments.source_sequence',
      'source_segments.source_started_at',
      'source_segments.source_ended_at',
      'chunk_sources.context_digest',
    ])
    .execute();
  return new Map(rows.map(({ chunk_id, ...source }) => [chunk_id, source]));
}

export async function sourceOf(db: Db, chunkId: string): Promise<StoredSource | undefined> {
  return (await sourcesOf(db, [chunkId])).get(chunkId);
}
