import { z } from 'zod';
import { freeText } from '#http/check.ts';
import type { ConnectionRow } from './cloud.store.ts';

const time = z.iso.datetime();
const secretText = freeText(1_000).min(1, 'must not be empty');

/** One set for each kind; they go in and never come out. */
const credentialFields = {
  username: secretText.optional().describe('Of WebDAV'),
  password: secretText.optional().describe('Of WebDAV; best one for this use alone, as Nextcloud gives out'),
  access_key_id: secretText.optional().describe('Of S3'),
  secret_access_key: secretText.optional().describe('Of S3'),
};

const mirrorFields = {
  mirror_folder_id: freeText(100).nullable().optional().describe('What is mirrored; null or absent: everything'),
  mirror_path: freeText(2_000).optional().describe('Where to; what lies there may be replaced'),
  mirror_every_seconds: z
    .number()
    .int()
    .min(300)
    .max(31_536_000)
    .nullable()
    .optional()
    .describe('Mirror by itself this often; null: only when asked'),
};

const name = freeText(100).trim().min(1, 'must not be empty');

export const newConnectionFields = z.strictObject({
  kind: z.enum(['webdav', 's3']),
  name,
  endpoint: freeText(500).describe(
    'WebDAV: the address of the folder; of Nextcloud its /remote.php/dav/files/ and the user. S3: the address of the store',
  ),
  root: freeText(1_000).optional().describe('Path below which everything happens; absent: everything'),
  bucket: freeText(63).optional().describe('Of S3'),
  region: freeText(63).optional().describe('Of S3; us-east-1 when absent'),
  ...credentialFields,
  ...mirrorFields,
});

export const changedConnectionFields = z.strictObject({ name: name.optional(), ...credentialFields, ...mirrorFields });

export type NewConnectionFields = z.output<typeof newConnectionFields>;
export type ChangedConnectionFields = z.output<typeof changedConnectionFields>;

export const connectionShape = z
  .object({
    id: z.string(),
    kind: z.enum(['webdav', 's3']),
    name: z.string(),
    endpoint: z.string(),
    root: z.string().optional(),
    bucket: z.string().optional(),
    region: z.string().optional(),
    mirror_folder_id: z.string().optional(),
    mirror_path: z.string().optional(),
    mirror_every_seconds: z.number().int().optional(),
    mirror_due_at: time.optional(),
    mirrored_at: time.optional().describe('When a mirror last came to its end'),
    checked_at: time.optional(),
    check_error: z.string().optional().describe('Code of what was wrong at the last test'),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'CloudConnection' });

export function connectionJson(row: ConnectionRow): z.output<typeof connectionShape> {
  const { bucket, region, mirror_folder_id, mirror_every_seconds, mirror_due_at, mirrored_at } = row;
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    endpoint: row.endpoint,
    ...(row.root === '' ? {} : { root: row.root }),
    ...(bucket === null ? {} : { bucket }),
    ...(region === null ? {} : { region }),
    ...(mirror_folder_id === null ? {} : { mirror_folder_id }),
    ...(row.mirror_path === '' ? {} : { mirror_path: row.mirror_path }),
    ...(mirror_every_seconds === null ? {} : { mirror_every_seconds }),
    ...(mirror_due_at === null ? {} : { mirror_due_at }),
    ...(mirrored_at === null ? {} : { mirrored_at }),
    ...(row.checked_at === null ? {} : { checked_at: row.checked_at }),
    ...(row.check_error === null ? {} : { check_error: row.check_error }),
    created_at: row.created_at,
    updated_at: row.updated_at,
  };
}

export const entryShape = z
  .object({
    name: z.string(),
    path: z.string(),
    kind: z.enum(['file', 'folder']),
    byte_size: z.number().int().optional(),
    media_type: z.string().optional(),
    modified_at: time.optional(),
  })
  .meta({ id: 'CloudEntry' });
