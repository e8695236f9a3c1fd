import type { Db } from '#platform/metadata/metadata.ts';

/** In one statement, so that all are of one moment. In no order. */
export async function chunksOfGroup(db: Db, groupId: string) {
  return await db
    .selectFrom('chunk_sources')
    .innerJoin('source_segments', (join) =>
      join
        .onRef('source_segments.capture_group_id', '=', 'chunk_sources.capture_group_id')
        .onRef('source_segments.source_segment_id', '=', 'chunk_sources.source_segment_id'),
    )
    .innerJoin('chunks', 'chunks.id', 'chunk_sources.chunk_id')
    .where('chunk_sources.capture_group_id', '=', groupId)
    .select([
      'chunks.id',
      'chunk_sources.stream_id',
      'chunks.chunk_index',
      'chunks.media_type',
      'chunks.byte_size',
      'chunks.sha256_hex',
      'chunks.started_at',
      'chunks.ended_at',
      'chunks.original_filename',
      'chunks.stored_path',
      'chunks.created_at',
      'chunk_sources.source_segment_id',
      'source_segments.source_sequence',
      'source_segments.source_started_at',
      'source_segments.source_ended_at',
      'chunk_sources.context_digest',
    ])
    .execute();
}

export type GroupChunkRow = Awaited<ReturnType<typeof chunksOfGroup>>[number];
