import { sha256Hex } from '../api/wire.ts';
import { type Infer, list, object, oneOf, optional, text, whole } from '../shape.ts';

/** The answers about documents, with the field names of the contract. Times are RFC 3339 in UTC, sizes are bytes. */
export const folder = object({
  id: text,
  name: text,
  parent_id: optional(text),
  created_at: text,
  trashed_at: optional(text),
});
export type Folder = Infer<typeof folder>;
export const folderAnswer = object({ folder });
export const folderPage = object({ folders: list(folder), next_cursor: optional(text) });

export const document = object({
  id: text,
  name: text,
  folder_id: optional(text),
  media_type: text,
  byte_size: whole(0),
  sha256_hex: sha256Hex,
  version: whole(1),
  status: oneOf('processing', 'ready', 'failed'),
  topics: list(text),
  created_at: text,
  updated_at: text,
  trashed_at: optional(text),
});
export type Document = Infer<typeof document>;
export const documentAnswer = object({ document });
export const documentPage = object({ documents: list(document), next_cursor: optional(text) });

export const version = object({
  version: whole(1),
  media_type: text,
  byte_size: whole(0),
  sha256_hex: sha256Hex,
  created_at: text,
});
export type Version = Infer<typeof version>;
export const versionPage = object({ versions: list(version), next_cursor: optional(text) });

export const quota = object({
  bytes_used: whole(0),
  bytes_limit: optional(whole(0)),
  documents_used: whole(0),
  documents_limit: optional(whole(0)),
});
export type Quota = Infer<typeof quota>;
