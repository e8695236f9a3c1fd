import { setImmediate as nextTurn } from 'node:timers/promises';
import { Problem } from '#kit/errors.ts';
import type { ConfirmedChunk, Resolution } from '#kit/evidence/evidence.ts';
import { resolveEvidenceInTurns } from '#kit/evidence/resolve-evidence.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import {
  type ChunkPlace,
  chunkPlacesOf,
  countChunksOf,
  type SegmentPlace,
  segmentsOf,
  type Variant,
  variantsOf,
} from './captures.store.ts';

/** Eight hours of four variants; more is kept like any evidence, and not looked through in one request. */
export const resolvedChunksAtMost = 50_000;
const rowsAtOnce = 1_000;

/** Throws capture_group_too_large. */
export async function assertResolvable(db: Db, groupId: string): Promise<void> {
  if ((await countChunksOf(db, groupId)) > resolvedChunksAtMost) throw new Problem('capture_group_too_large');
}

/**
 * In no order that means anything: who uses them sorts. The status of their streams does not matter. Others get their turn between
 * two pages; on a snapshot all of them are of one moment. Throws capture_group_too_large.
 */
export async function confirmedChunksOf(db: Db, groupId: string): Promise<ConfirmedChunk[]> {
  await assertResolvable(db, groupId);
  // Chunks first: what they name is there before they are, and goes with the incident alone.
  const places = await everyPage((last?: ChunkPlace) => chunkPlacesOf(db, groupId, rowsAtOnce, last));
  const segments = await everyPage((last?: SegmentPlace) => segmentsOf(db, groupId, rowsAtOnce, last?.segmentId));
  const segmentById = new Map(segments.map((segment) => [segment.segmentId, segment]));
  const variantById = new Map((await variantsOf(db, groupId)).map((variant) => [variant.streamId, variant]));
  return places.flatMap((place) => {
    const segment = segmentById.get(place.segmentId);
    const variant = variantById.get(place.streamId);
    // Without them it is on its way out with its incident.
    return segment === undefined || variant === undefined ? [] : [confirmedChunk(place, segment, variant)];
  });
}

/** Field by field: to spread three rows takes longer than to read them. */
function confirmedChunk(place: ChunkPlace, segment: SegmentPlace, { role, quality }: Variant): ConfirmedChunk {
  const { chunkId, streamId, mediaType, segmentId, sha256Hex, contextDigest } = place;
  const { sequence, startedAt, endedAt } = segment;
  return {
    chunkId,
    streamId,
    mediaType,
    role,
    quality,
    segmentId,
    sequence,
    startedAt,
    endedAt,
    sha256Hex,
    contextDigest,
  };
}

async function everyPage<Row>(pageAfter: (last?: Row) => Promise<Row[]>): Promise<Row[]> {
  const all: Row[] = [];
  for (;;) {
    const page = await pageAfter(all.at(-1));
    for (const row of page) all.push(row);
    if (page.length < rowsAtOnce) return all;
    await nextTurn();
  }
}

/** Throws capture_group_too_large. */
export async function resolveGroup(db: Db, groupId: string): Promise<Resolution> {
  return await resolveEvidenceInTurns(await confirmedChunksOf(db, groupId), nextTurn);
}
