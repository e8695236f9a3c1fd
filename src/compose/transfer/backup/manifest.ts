import { z } from 'zod';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().min(0);
// Both become names of files or of tables.
const word = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);

export const formatVersion = 1;

/** What a snapshot holds, and the hash of each part: rows here, blobs in the rows that name them. Written last. */
export const manifestShape = z.strictObject({
  format: z.literal('proofline-backup'),
  format_version: z.literal(formatVersion),
  /** Which version wrote it. */
  proofline: z.string(),
  taken_at: z.iso.datetime(),
  /** Tells this store from another. */
  store: z.string(),
  database: z.enum(['sqlite', 'postgresql']),
  /** The steps of the schema that the rows are of. */
  migrations: z.array(z.string().regex(/^\d{4}_[a-z0-9_]+$/)).min(1),
  with_sessions: z.boolean(),
  /** In the order in which they must be put back. */
  tables: z.array(z.strictObject({ name: word, key: z.array(word).min(1), rows: count, bytes: count, sha256: hash })),
  blobs: z.strictObject({ count, bytes: count }),
  /** Rows whose bytes could not be read as they should be; the rest of the snapshot is whole. */
  damaged: z.array(
    z.strictObject({
      table: z.enum(['chunks', 'document_versions', 'document_thumbnails', 'resumable_parts']),
      id: z.string(),
      belongs_to: z.string(),
      found: z.enum(['missing', 'different']),
    }),
  ),
});

export type Manifest = z.output<typeof manifestShape>;
