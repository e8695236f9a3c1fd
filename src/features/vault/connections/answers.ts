import { z } from 'zod';

/** What the pages look at in the answers about connections. */
export const connectionShape = z.object({
  id: z.string(),
  kind: z.enum(['webdav', 's3']),
  name: z.string(),
  endpoint: z.string(),
  bucket: z.string().optional(),
  mirror_folder_id: z.string().optional(),
  mirror_path: z.string().default(''),
  mirror_every_seconds: z.number().optional(),
  mirrored_at: z.string().optional(),
  checked_at: z.string().optional(),
  check_error: z.string().optional(),
});
export type Connection = z.output<typeof connectionShape>;

const next = { next_cursor: z.string().optional() };
export const connectionsAnswer = z.object({ connections: z.array(connectionShape), ...next });
export const connectionAnswer = z.object({ connection: connectionShape });

export const entriesAnswer = z.object({
  entries: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      kind: z.enum(['file', 'folder']),
      byte_size: z.number().optional(),
      modified_at: z.string().optional(),
    }),
  ),
  ...next,
});
export type RemoteEntry = z.output<typeof entriesAnswer>['entries'][number];
