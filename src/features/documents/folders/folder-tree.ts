import { sql } from 'kysely';
import { Problem } from '#kit/errors.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';

/** So deep folders may lie in one another; what resolves shares walks up as far. */
export const maxFolderDepth = 64;

/**
 * A query for the ids of a folder and of those below it: the live ones, or those that went into the trash along with the given one. What
 * went there by itself is no part of that.
 */
export function folderTree(db: Db, folderId: string, trashedWith: string | null) {
  return db
    .withRecursive('tree', (builder) =>
      builder
        .selectFrom('folders')
        .select('folders.id')
        .where('folders.id', '=', folderId)
        .unionAll((above) =>
          above
            .selectFrom('folders')
            .innerJoin('tree', 'tree.id', 'folders.parent_id')
            .select('folders.id')
            .where((where) =>
              trashedWith === null
                ? where('folders.trashed_at', 'is', null)
                : where('folders.trashed_with', '=', trashedWith),
            ),
        ),
    )
    .selectFrom('tree')
    .select('tree.id');
}

/** The folder and those that it lies in, from itself to the top. */
async function pathOf(trx: Trx, folderId: string): Promise<string[]> {
  const path: string[] = [];
  for (let at: string | null = folderId; at !== null; ) {
    path.push(at);
    const row: { parent_id: string | null } | undefined = await trx
      .selectFrom('folders')
      .select('parent_id')
      .where('id', '=', at)
      .executeTakeFirst();
    at = row?.parent_id ?? null;
  }
  return path;
}

/** How many levels of folders lie below it, in the trash or not. */
async function levelsBelow(trx: Trx, folderId: string): Promise<number> {
  const below = await trx
    .withRecursive('tree', (builder) =>
      builder
        .selectFrom('folders')
        .select(['folders.id', sql<number>`0`.as('depth')])
        .where('folders.id', '=', folderId)
        .unionAll((above) =>
          above
            .selectFrom('folders')
            .innerJoin('tree', 'tree.id', 'folders.parent_id')
            .select(['folders.id', sql<number>`tree.depth + 1`.as('depth')]),
        ),
    )
    .selectFrom('tree')
    .select((select) => select.fn.max('depth').as('depth'))
    .executeTakeFirstOrThrow();
  return Number(below.depth);
}

/**
 * Decided while the owner is held, so that no other move comes between. Throws folder_cycle, and invalid_request where it would lie too
 * deep. `folderId` is undefined for one that is new.
 */
export async function assertFits(trx: Trx, folderId: string | undefined, parentId: string | null): Promise<void> {
  if (parentId === null) return;
  const path = await pathOf(trx, parentId);
  if (folderId !== undefined && path.includes(folderId)) throw new Problem('folder_cycle');
  const below = folderId === undefined ? 0 : await levelsBelow(trx, folderId);
  if (path.length + 1 + below > maxFolderDepth)
    throw new Problem('invalid_request', { message: `parent_id: folders lie at most ${maxFolderDepth} deep` });
}
