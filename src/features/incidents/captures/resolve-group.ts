import { setImmediate as nextTurn } from 'node:timers/promises';
import { Problem } from '#kit/errors.ts';
import type { ConfirmedChunk, Resolution } from '#kit/evidence/evidence.ts';
import { resolveEvidenceInTurns } from '#kit/evidence/resolve-evidence.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { confirmedPageOf, countChunksOf } from './captures.store.ts';

/** Eight hours of four variants; more is kept like any evidence, and not looked through in one request. */
export const resolvedChunksAtMost = 50_000;
const chunksAtOnce = 1_000;

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
  const all: ConfirmedChunk[] = [];
  for (;;) {
    const page = await confirmedPageOf(db, groupId, chunksAtOnce, all.at(-1));
    for (const chunk of page) all.push(chunk);
    if (page.length < chunksAtOnce) return all;
    await nextTurn();
  }
}

/** Throws capture_group_too_large. */
export async function resolveGroup(db: Db, groupId: string): Promise<Resolution> {
  return await resolveEvidenceInTurns(await confirmedChunksOf(db, groupId), nextTurn);
}
