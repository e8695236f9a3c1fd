import { z } from 'zod';

/** What the pages look at in the answers of the API. */
export const documentShape = z.object({
  id: z.string(),
  name: z.string(),
  folder_id: z.string().optional(),
  media_type: z.string(),
  byte_size: z.number(),
  sha256_hex: z.string(),
  version: z.number(),
  status: z.enum(['processing', 'ready', 'failed']),
  topics: z.array(z.string()),
  suggested_topics: z.array(z.string()).default([]),
  created_at: z.string(),
  updated_at: z.string(),
  trashed_at: z.string().optional(),
  snippet: z.array(z.object({ text: z.string(), match: z.boolean() })).optional(),
  has_thumbnail: z.boolean().default(false),
});
export type DocumentAnswer = z.output<typeof documentShape>;

export const folderShape = z.object({
  id: z.string(),
  name: z.string(),
  parent_id: z.string().optional(),
  updated_at: z.string(),
  trashed_at: z.string().optional(),
});
export type FolderAnswer = z.output<typeof folderShape>;

const next = { next_cursor: z.string().optional() };
export const documentsAnswer = z.object({ documents: z.array(documentShape), ...next });
export const foldersAnswer = z.object({ folders: z.array(folderShape), ...next });
export const documentAnswer = z.object({ document: documentShape });
export const folderAnswer = z.object({ folder: folderShape });

export const sharedAnswer = z.object({
  shared: z.array(
    z.object({
      access: z.enum(['view', 'edit']),
      owner: z.object({ username: z.string() }),
      document: documentShape.optional(),
      folder: folderShape.optional(),
    }),
  ),
  ...next,
});

export const versionsAnswer = z.object({
  versions: z.array(
    z.object({
      version: z.number(),
      media_type: z.string(),
      byte_size: z.number(),
      sha256_hex: z.string(),
      created_by_account_id: z.string().optional(),
      created_at: z.string(),
    }),
  ),
  ...next,
});

export const topicsAnswer = z.object({ topics: z.array(z.object({ id: z.string(), name: z.string() })), ...next });

export const sharesAnswer = z.object({
  shares: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(['account', 'group', 'link']),
      username: z.string().optional(),
      group_name: z.string().optional(),
      access: z.enum(['view', 'edit']),
      has_password: z.boolean().default(false),
      max_downloads: z.number().optional(),
      downloads: z.number().default(0),
      created_at: z.string(),
      expires_at: z.string().optional(),
    }),
  ),
  ...next,
});

export const groupsAnswer = z.object({ groups: z.array(z.object({ id: z.string(), name: z.string() })), ...next });

export const quotaAnswer = z.object({
  bytes_used: z.number(),
  bytes_limit: z.number().optional(),
  documents_used: z.number(),
  documents_limit: z.number().optional(),
});
export type Quota = z.output<typeof quotaAnswer>;

export const jobsAnswer = z.object({
  jobs: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      state: z.enum(['waiting', 'running', 'done', 'parked']),
      attempts: z.number(),
      progress_done: z.number().default(0),
      progress_total: z.number().optional(),
      error_detail: z.string().optional(),
      updated_at: z.string(),
      /** Of an import or a mirror that is done. */
      report: z
        .object({ added: z.number(), renewed: z.number(), unchanged: z.number(), failed: z.number() })
        .optional(),
    }),
  ),
  ...next,
});
