import { z } from 'zod';
import type { FolderRow } from '../access.ts';

const time = z.iso.datetime();

export const folderShape = z
  .object({
    id: z.string(),
    name: z.string(),
    parent_id: z.string().optional(),
    created_at: time,
    updated_at: time,
    trashed_at: time.optional(),
  })
  .meta({ id: 'Folder' });

export const folderAnswer = z.object({ folder: folderShape });

export function folderJson(row: FolderRow): z.output<typeof folderShape> {
  return {
    id: row.id,
    name: row.name,
    ...(row.parent_id === null ? {} : { parent_id: row.parent_id }),
    created_at: row.created_at,
    updated_at: row.updated_at,
    ...(row.trashed_at === null ? {} : { trashed_at: row.trashed_at }),
  };
}
