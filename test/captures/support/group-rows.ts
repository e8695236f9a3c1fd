import type { ConfirmedChunk } from '#kit/evidence/evidence.ts';
import type { Query } from '../../support/stored-rows.ts';

export interface GroupPlace {
  incidentId: string;
  groupId: string;
}

const at = '2026-01-02T04:00:00.000Z';
/** Rows of one statement: no database takes a thousand values badly. */
const rowsAtOnce = 100;

/** A group as uploads of these chunks would have left it, on either database; no bytes. The incident is there already. */
export async function insertGroup(
  query: Query,
  { groupId, incidentId }: GroupPlace,
  chunks: readonly ConfirmedChunk[],
): Promise<void> {
  await query(
    'INSERT INTO capture_groups (id, incident_id, capture_source_id, created_at) VALUES (?, ?, ?, ?)',
    ...[groupId, incidentId, 'source', at],
  );
  const streams = new Map(chunks.map((chunk) => [chunk.streamId, chunk]));
  await insert(
    query,
    'media_streams (id, incident_id, media_type, status, chunk_count, created_at, updated_at, capture_group_id, variant_role, quality_profile, upload_priority)',
    [...streams.values()].map(({ mediaType, quality, role, streamId }) => [
      ...[streamId, incidentId, mediaType, 'open', chunks.filter((chunk) => chunk.streamId === streamId).length],
      ...[at, at, groupId, role, quality, 'near_live'],
    ]),
  );
  const segments = new Map(chunks.map((chunk) => [chunk.segmentId, chunk]));
  await insert(
    query,
    'source_segments (capture_group_id, source_segment_id, source_sequence, source_started_at, source_ended_at)',
    [...segments.values()].map(({ endedAt, segmentId, sequence, startedAt }) => [
      ...[groupId, segmentId, sequence, startedAt, endedAt],
    ]),
  );
  const counts = new Map<string, number>();
  const indexIn = (streamId: string) => {
    const index = (counts.get(streamId) ?? 0) + 1;
    counts.set(streamId, index);
    return index;
  };
  await insert(
    query,
    'chunks (id, incident_id, stream_id, chunk_index, media_type, started_at, ended_at, stored_path, byte_size, sha256_hex, created_at)',
    chunks.map((chunk) => [
      ...[chunk.chunkId, incidentId, chunk.streamId, indexIn(chunk.streamId), chunk.mediaType],
      ...[chunk.startedAt, chunk.endedAt, `incidents/${incidentId}/${chunk.chunkId}.enc`, 1, chunk.sha256Hex, at],
    ]),
  );
  await insert(
    query,
    'chunk_sources (chunk_id, capture_group_id, source_segment_id, stream_id, context_digest)',
    chunks.map(({ chunkId, contextDigest, segmentId, streamId }) => [
      ...[chunkId, groupId, segmentId, streamId, contextDigest],
    ]),
  );
}

type Value = string | number | null;

async function insert(query: Query, into: string, rows: readonly (readonly Value[])[]): Promise<void> {
  for (let begun = 0; begun < rows.length; begun += rowsAtOnce) {
    const some = rows.slice(begun, begun + rowsAtOnce);
    const places = some.map((row) => `(${row.map(() => '?').join(', ')})`).join(', ');
    await query(`INSERT INTO ${into} VALUES ${places}`, ...some.flat());
  }
}
