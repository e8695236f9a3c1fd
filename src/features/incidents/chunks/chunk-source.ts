import { isSha256Hex } from '#kit/bytes.ts';
import { Problem } from '#kit/errors.ts';
import { isBefore, parseTimestamp, timestamp } from '#kit/time.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Trx } from '#platform/metadata/metadata.ts';

/** Where a chunk stands on the timeline of its capture group. */
export interface ChunkSource {
  segmentId: string;
  sequence: number;
  startedAt: string;
  endedAt: string;
  contextDigest: string | null;
}

/** As text, before any of it is checked. Absent is undefined. */
export interface SourceText {
  segmentId: string | undefined;
  sequence: string | undefined;
  startedAt: string | undefined;
  endedAt: string | undefined;
  contextDigest: string | undefined;
}

/** Names that clients give to sources and segments: compared, never read. */
export const sourceName = /^[A-Za-z0-9_.:-]{1,128}$/;

/**
 * Undefined when no field is given. Late is fine, a master may come long after its moment; only the future is refused.
 * Throws invalid_source_segment, invalid_source_range, source_clock_skew.
 */
export function parseSource(text: SourceText, clock: { nowMs: number; skewMs: number }): ChunkSource | undefined {
  if (Object.values(text).every((value) => value === undefined)) return undefined;
  const { segmentId, contextDigest } = text;
  if (segmentId === undefined || !sourceName.test(segmentId) || !/^\d{1,15}$/.test(text.sequence ?? ''))
    throw new Problem('invalid_source_segment');
  if (contextDigest !== undefined && !isSha256Hex(contextDigest)) throw new Problem('invalid_source_segment');
  const [startedAt, endedAt] = [parseTimestamp(text.startedAt ?? ''), parseTimestamp(text.endedAt ?? '')];
  // What covers no time is evidence of none.
  if (startedAt === undefined || endedAt === undefined || !isBefore(startedAt, endedAt))
    throw new Problem('invalid_source_range');
  if (isBefore(timestamp(clock.nowMs + clock.skewMs), endedAt)) throw new Problem('source_clock_skew');
  return { segmentId, sequence: Number(text.sequence), startedAt, endedAt, contextDigest: contextDigest ?? null };
}

/** A stream of a group takes only chunks with a source, any other stream only chunks without. Throws source_mismatch. */
export function assertSourceFits(groupId: string | null | undefined, source: ChunkSource | undefined): void {
  if ((groupId == null) !== (source === undefined)) throw new Problem('source_mismatch');
}

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
export async function holdSegment(trx: Trx, { groupId, streamId, source }: SourcePlace): Promise<{ isNew: boolean }> {
  await groupToAddTo.first(trx, { groupId });
  const found = await standing.first(trx, { groupId, segmentId: source.segmentId, streamId });
  if (found === undefined) return { isNew: true };
  const same =
    found.source_sequence === source.sequence &&
    found.source_started_at === source.startedAt &&
    found.source_ended_at === source.endedAt;
  if (!same || found.chunk_id !== null) throw new Problem('source_segment_conflict');
  return { isNew: false };
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
