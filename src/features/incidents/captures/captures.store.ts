import { type Selectable, type SqlBool, sql } from 'kysely';
import { Problem } from '#kit/errors.ts';
import type { ConfirmedChunk } from '#kit/evidence/evidence.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { CaptureGroupsTable } from './captures.tables.ts';

export type CaptureGroupRow = Selectable<CaptureGroupsTable>;

/** Throws capture_group_not_found, also for a group of another incident. */
export async function captureGroupOf(db: Db, incidentId: string, groupId: string): Promise<CaptureGroupRow> {
  const group = await db
    .selectFrom('capture_groups')
    .selectAll()
    .where('id', '=', groupId)
    .where('incident_id', '=', incidentId)
    .executeTakeFirst();
  if (group === undefined) throw new Problem('capture_group_not_found');
  return group;
}

/** Newest first. */
export async function captureGroupsOf(
  db: Db,
  incidentId: string,
  limit: number,
  before?: string,
): Promise<CaptureGroupRow[]> {
  return await db
    .selectFrom('capture_groups')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/** Those that the policy has not looked at since a stream of theirs ended, the longest first; no incident that is being deleted. */
export async function groupsToLookAt(db: Db, limit: number) {
  return await db
    .selectFrom('capture_groups')
    .innerJoin('incidents', 'incidents.id', 'capture_groups.incident_id')
    .select(['capture_groups.id', 'capture_groups.incident_id', 'capture_groups.look_at', 'incidents.owner_account_id'])
    .where('capture_groups.look_at', 'is not', null)
    .where('incidents.deletion_state', '=', 'active')
    .orderBy('capture_groups.look_at')
    .orderBy('capture_groups.id')
    .limit(limit)
    .execute();
}

/** After what changed its evidence, in that very transaction. */
export async function askForLook(trx: Trx, groupId: string, at: string): Promise<void> {
  await trx.updateTable('capture_groups').set({ look_at: at }).where('id', '=', groupId).execute();
}

function confirmed(db: Db, groupId: string) {
  return db
    .selectFrom('chunk_sources')
    .innerJoin('source_segments', (join) =>
      join
        .onRef('source_segments.capture_group_id', '=', 'chunk_sources.capture_group_id')
        .onRef('source_segments.source_segment_id', '=', 'chunk_sources.source_segment_id'),
    )
    .innerJoin('chunks', 'chunks.id', 'chunk_sources.chunk_id')
    .innerJoin('media_streams', 'media_streams.id', 'chunk_sources.stream_id')
    .where('chunk_sources.capture_group_id', '=', groupId)
    .select([
      'chunk_sources.chunk_id as chunkId',
      'chunk_sources.stream_id as streamId',
      'chunks.media_type as mediaType',
      'media_streams.variant_role as role',
      'media_streams.quality_profile as quality',
      'chunk_sources.source_segment_id as segmentId',
      'source_segments.source_sequence as sequence',
      'source_segments.source_started_at as startedAt',
      'source_segments.source_ended_at as endedAt',
      'chunks.sha256_hex as sha256Hex',
      'chunk_sources.context_digest as contextDigest',
    ])
    .$narrowType<Pick<ConfirmedChunk, 'role' | 'quality'>>();
}

/** Of a confirmed chunk what it shares with no other; the rest is of its stream and of its segment. */
export type ChunkPlace = Pick<
  ConfirmedChunk,
  'chunkId' | 'streamId' | 'mediaType' | 'segmentId' | 'sha256Hex' | 'contextDigest'
>;

const chunkPlacesAfter = compiled((db, by: { groupId: string; segmentId: string; streamId: string; limit: number }) =>
  db
    .selectFrom('chunk_sources')
    .innerJoin('chunks', 'chunks.id', 'chunk_sources.chunk_id')
    .where('chunk_sources.capture_group_id', '=', by.groupId)
    .where(sql<SqlBool>`(chunk_sources.source_segment_id, chunk_sources.stream_id) > (${by.segmentId}, ${by.streamId})`)
    .select([
      'chunk_sources.chunk_id as chunkId',
      'chunk_sources.stream_id as streamId',
      'chunks.media_type as mediaType',
      'chunk_sources.source_segment_id as segmentId',
      'chunks.sha256_hex as sha256Hex',
      'chunk_sources.context_digest as contextDigest',
    ])
    .orderBy('chunk_sources.source_segment_id')
    .orderBy('chunk_sources.stream_id')
    .limit(by.limit),
);

/** After the place of the last one of the page before. */
export async function chunkPlacesOf(
  db: Db,
  groupId: string,
  limit: number,
  { segmentId, streamId }: Pick<ChunkPlace, 'segmentId' | 'streamId'> = { segmentId: '', streamId: '' },
): Promise<ChunkPlace[]> {
  return await chunkPlacesAfter.rows(db, { groupId, segmentId, streamId, limit });
}

export type SegmentPlace = Pick<ConfirmedChunk, 'segmentId' | 'sequence' | 'startedAt' | 'endedAt'>;

const segmentsAfter = compiled((db, by: { groupId: string; segmentId: string; limit: number }) =>
  db
    .selectFrom('source_segments')
    .where('capture_group_id', '=', by.groupId)
    .where('source_segment_id', '>', by.segmentId)
    .select([
      'source_segment_id as segmentId',
      'source_sequence as sequence',
      'source_started_at as startedAt',
      'source_ended_at as endedAt',
    ])
    .orderBy('source_segment_id')
    .limit(by.limit),
);

/** After the id of the last one of the page before. */
export async function segmentsOf(db: Db, groupId: string, limit: number, segmentId = ''): Promise<SegmentPlace[]> {
  return await segmentsAfter.rows(db, { groupId, segmentId, limit });
}

export type Variant = Pick<ConfirmedChunk, 'streamId' | 'role' | 'quality'>;

export async function variantsOf(db: Db, groupId: string): Promise<Variant[]> {
  return await db
    .selectFrom('media_streams')
    .where('capture_group_id', '=', groupId)
    .select(['id as streamId', 'variant_role as role', 'quality_profile as quality'])
    .$narrowType<Pick<ConfirmedChunk, 'role' | 'quality'>>()
    .execute();
}

/** As its streams count them, so that no row of a chunk is read for it. */
export async function countChunksOf(db: Db, groupId: string): Promise<number> {
  const { total } = await db
    .selectFrom('media_streams')
    .where('capture_group_id', '=', groupId)
    .select((eb) => eb.fn.sum<number | string | null>('chunk_count').as('total'))
    .executeTakeFirstOrThrow();
  return Number(total ?? 0);
}

export async function confirmedChunkOf(
  db: Db,
  groupId: string,
  streamId: string,
  segmentId: string,
): Promise<ConfirmedChunk | undefined> {
  return await confirmed(db, groupId)
    .where('chunk_sources.source_segment_id', '=', segmentId)
    .where('chunk_sources.stream_id', '=', streamId)
    .executeTakeFirst();
}

/** Confirmed chunks of context whose bytes have that digest. */
export async function confirmedContextOf(db: Db, groupId: string, digest: string): Promise<ConfirmedChunk[]> {
  return await confirmed(db, groupId)
    .where('chunks.sha256_hex', '=', digest)
    .where('media_streams.variant_role', 'in', ['location_context', 'metadata_context'])
    .limit(1)
    .execute();
}
