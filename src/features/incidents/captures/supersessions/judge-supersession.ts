import type { ConfirmedChunk } from '#kit/evidence/evidence.ts';
import { isContext, judgeReplacement, type Replacement } from '#kit/evidence/policy.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { chunkById } from '../../chunks/chunks.store.ts';
import { confirmedChunkOf, confirmedContextOf } from '../captures.store.ts';
import type { SupersessionRow } from './supersessions.store.ts';

export interface SegmentOfStream {
  streamId: string;
  segmentId: string;
}

/** Without a hole follows from `coverage`: what takes the place holds all of the range. */
export const conditions = [
  'confirmed',
  'same_incident',
  'same_group',
  'coverage',
  'integrity',
  'context',
  'policy',
] as const;
export type Condition = (typeof conditions)[number];

export type Judgement =
  | { violated: Condition }
  | { violated?: undefined; basis: SupersessionRow['coverage_basis']; reason: SupersessionRow['reason'] };

export interface Question {
  incidentId: string;
  groupId: string;
  superseding: SegmentOfStream;
  superseded: SegmentOfStream;
}

const violations: Record<Exclude<Replacement, 'replaces'>, Condition> = {
  loses_time: 'coverage',
  loses_context: 'context',
  loses_media: 'policy',
  not_allowed: 'policy',
};

/** The first condition that does not hold, or on what grounds one chunk may take the place of the other. */
export async function judgeSupersession(deps: { read: Db; blobs: BlobStore }, question: Question): Promise<Judgement> {
  const [better, lesser] = [
    await chunkOf(deps.read, question, question.superseding),
    await chunkOf(deps.read, question, question.superseded),
  ];
  if (typeof better === 'string') return { violated: better };
  if (typeof lesser === 'string') return { violated: lesser };
  const preserved =
    lesser.contextDigest === null ? [] : await confirmedContextOf(deps.read, question.groupId, lesser.contextDigest);
  const judged = judgeReplacement(
    better,
    lesser,
    new Set(preserved.filter(isContext).map(({ sha256Hex }) => sha256Hex)),
  );
  if (judged !== 'replaces') return { violated: violations[judged] };
  // Last, since it reads all of the bytes.
  const row = await chunkById(deps.read, better.chunkId);
  const expected = row && { byteSize: row.byte_size, sha256Hex: row.sha256_hex };
  if (row === undefined || expected === undefined || (await deps.blobs.check(row.stored_path, expected)) !== 'same')
    return { violated: 'integrity' };
  const basis = better.segmentId === lesser.segmentId ? 'exact_segment' : 'superset';
  if (better.mediaType !== lesser.mediaType) return { basis, reason: 'audio_replaced_by_master' };
  return { basis, reason: basis === 'superset' ? 'segment_superset_confirmed' : 'higher_quality_confirmed' };
}

async function chunkOf(
  read: Db,
  { incidentId, groupId }: Question,
  { streamId, segmentId }: SegmentOfStream,
): Promise<ConfirmedChunk | Condition> {
  const stream = await read
    .selectFrom('media_streams')
    .select('capture_group_id')
    .where('id', '=', streamId)
    .where('incident_id', '=', incidentId)
    .executeTakeFirst();
  // A stream of somebody else is answered as one that does not exist.
  if (stream === undefined) return 'same_incident';
  if (stream.capture_group_id !== groupId) return 'same_group';
  return (await confirmedChunkOf(read, groupId, streamId, segmentId)) ?? 'confirmed';
}
