import { sha256Hex } from '../api/wire.ts';
import { type Infer, list, object, oneOf, optional, text, whole } from '../shape.ts';

/** What an exported vault consists of beside the documents themselves. */
export const exportFiles = {
  manifest: 'vault.json',
  documents: 'documents.jsonl',
  folders: 'folders.jsonl',
  audit: 'audit.jsonl',
} as const;

/** Written last: its presence says that the export is whole. */
export const vaultManifest = object({
  format: oneOf('proofline-vault-export'),
  format_version: whole(1),
  exported_at: text,
  documents: whole(0),
  /** Each version of each document is a file. */
  files: whole(0),
  bytes: whole(0),
  /** Of the listings, by their names. */
  sha256: object({ documents: sha256Hex, folders: sha256Hex, audit: sha256Hex }),
});
export type VaultManifest = Infer<typeof vaultManifest>;

/** A line of documents.jsonl: what the server says of the document, and where its versions lie. */
export const exportedDocument = object({
  id: text,
  name: text,
  folder_id: optional(text),
  topics: list(text),
  created_at: text,
  updated_at: text,
  trashed_at: optional(text),
  versions: list(
    object({
      version: whole(1),
      media_type: text,
      byte_size: whole(0),
      sha256_hex: sha256Hex,
      created_at: text,
      /** Below the folder of the export; segments apart by slashes. */
      file: text,
    }),
  ),
});
export type ExportedDocument = Infer<typeof exportedDocument>;
