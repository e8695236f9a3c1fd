import { Problem } from '#kit/errors.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { AuthorisedUpload } from './authorise-upload.ts';
import { assertSourceFits, type ChunkSource } from './chunk-source.ts';

/** To itself, so that no two chunks make one segment. Locked last before the audit: nothing that holds it waits for what comes before. */
const groupToAddTo = compiled((db, by: { groupId: string }) =>
  db.selectFrom('capture_groups').select('id').where('id', '=', by.groupId).forNoKeyUpdate(),
);

const standing = compiled((db, by: { groupId: string; segmentId: string; streamId: string }) =>
  db
    .selectFrom('source_segments')
    .leftJoin('chunk_sources', (join) =>
      join
        .onRef('chunk_sources.capture_group_id', '=', 'source_segments.capture_group_id')
        .onRef('chunk_sources.source_segment_id', '=', 'source_segments.source_segment_id')
        .on('chunk_sources.stream_id', '=', by.streamId),
    )
    .select([
      'source_segments.source_sequence',
      'source_segments.source_started_at',
      'source_segments.source_ended_at',
      'chunk_sources.chunk_id',
    ])
    .where('source_segments.capture_group_id', '=', by.groupId)
    .where('source_segments.source_segment_id', '=', by.segmentId),
);

export interface SourcePlace {
  groupId: string;
  streamId: string;
  source: ChunkSource;
}

/** Whether the segment must still be made. Throws source_segment_conflict for another range of it, and for a second chunk of the stream. */
async function judgeSegment(db: Db, { groupId, streamId, source }: SourcePlace): Promise<{ isNew: boolean }> {
  const found = await standing.first(db, { groupId, segmentId: source.segmentId, streamId });
  if (found === undefined) return { isNew: true };
  const same =
    found.source_sequence === source.sequence &&
    found.source_started_at === source.startedAt &&
    found.source_ended_at === source.endedAt;
  if (!same || found.chunk_id !== null) throw new Problem('source_segment_conflict');
  return { isNew: false };
}

/**
 * Before the body, so that a refusal leaves no bytes behind: another node may adopt them, so they could not be taken away again.
 * A chunk or key that stands already has its own answer. Throws source_mismatch, source_segment_conflict.
 */
export async function authoriseSource(
  read: Db,
  { captureGroupId, earlier }: Pick<AuthorisedUpload, 'captureGroupId' | 'earlier'>,
  streamId: string | null,
  source: ChunkSource | undefined,
): Promise<void> {
  if (earlier.usedKey !== undefined || earlier.standingId !== undefined) return;
  assertSourceFits(captureGroupId, source);
  if (captureGroupId === null || streamId === null || source === undefined) return;
  await judgeSegment(read, { groupId: captureGroupId, streamId, source });
}

/** The same again, where no other chunk can come between. */
export async function holdSegment(trx: Trx, place: SourcePlace): Promise<{ isNew: boolean }> {
  await groupToAddTo.first(trx, { groupId: place.groupId });
  return await judgeSegment(trx, place);
}

const insertSegment = compiled((db, row: ChunkSource & { groupId: string }) =>
  db.insertInto('source_segments').values({
    capture_group_id: row.groupId,
    source_segment_id: row.segmentId,
    source_sequence: row.sequence,
    source_started_at: row.startedAt,
    source_ended_at: row.endedAt,
  }),
);

const insertSource = compiled((db, row: ChunkSource & { groupId: string; chunkId: string; streamId: string }) =>
  db.insertInto('chunk_sources').values({
    chunk_id: row.chunkId,
    capture_group_id: row.groupId,
    source_segment_id: row.segmentId,
    stream_id: row.streamId,
    context_digest: row.contextDigest,
  }),
);

/** After the row of the chunk. */
export function writeSource(
  trx: Trx,
  { groupId, streamId, source }: SourcePlace,
  chunkId: string,
  isNew: boolean,
): Promise<unknown>[] {
  return [
    ...(isNew ? [insertSegment.changes(trx, { ...source, groupId })] : []),
    insertSource.changes(trx, { ...source, groupId, streamId, chunkId }),
  ];
}
