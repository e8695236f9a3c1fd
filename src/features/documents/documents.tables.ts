import type { ColumnType } from 'kysely';

type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>;
type Defaulted = ColumnType<number, number | undefined, number>;

export interface QuotasTable {
  account_id: string;
  /** Null: the default of the server; 0: no limit. */
  bytes_limit: Nullable<number>;
  documents_limit: Nullable<number>;
  bytes_used: Defaulted;
  documents_used: Defaulted;
}

export interface GroupsTable {
  id: string;
  name: string;
  created_at: string;
}

export interface GroupMembersTable {
  group_id: string;
  account_id: string;
  created_at: string;
}

export interface FoldersTable {
  id: string;
  owner_account_id: string;
  parent_id: string | null;
  name: string;
  created_at: string;
  updated_at: string;
  trashed_at: Nullable<string>;
  trashed_with: Nullable<string>;
}

export interface DocumentsTable {
  id: string;
  owner_account_id: string;
  folder_id: string | null;
  name: string;
  version: number;
  media_type: string;
  byte_size: number;
  sha256_hex: string;
  status: 'processing' | 'ready' | 'failed';
  deletion_state: ColumnType<'active' | 'deleting', 'active' | 'deleting' | undefined, 'active' | 'deleting'>;
  created_at: string;
  updated_at: string;
  trashed_at: Nullable<string>;
  trashed_with: Nullable<string>;
}

export interface DocumentVersionsTable {
  document_id: string;
  version: number;
  stored_path: string;
  byte_size: number;
  sha256_hex: string;
  media_type: string;
  created_by_account_id: string | null;
  created_at: string;
}

export interface DocumentThumbnailsTable {
  document_id: string;
  version: number;
  stored_path: string;
  media_type: string;
  byte_size: number;
  sha256_hex: string;
  created_at: string;
}

export interface DocumentOperationsTable {
  idempotency_key_hash: string;
  document_id: string;
  version: number;
  fingerprint: string;
  created_at: string;
}

export interface TopicsTable {
  id: string;
  owner_account_id: string;
  name: string;
  created_at: string;
}

export interface DocumentTopicsTable {
  document_id: string;
  topic_id: string;
  owner_account_id: string;
  state: 'suggested' | 'confirmed';
  created_at: string;
}

export interface SharesTable {
  id: string;
  owner_account_id: string;
  document_id: string | null;
  folder_id: string | null;
  kind: 'account' | 'group' | 'link';
  account_id: string | null;
  group_id: string | null;
  token_hash: string | null;
  password_hash: string | null;
  /** Of a link: signs what its visitors come back with. */
  link_key: string | null;
  access: 'view' | 'edit';
  max_downloads: number | null;
  downloads: Defaulted;
  created_at: string;
  expires_at: string | null;
  revoked_at: Nullable<string>;
}

export interface DocumentTextsTable {
  document_id: string;
  version: number;
  /** Folded, as are topics and words. */
  name: string;
  topics: string;
  words: ColumnType<string, string | undefined, string>;
  body: string;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    quotas: QuotasTable;
    groups: GroupsTable;
    group_members: GroupMembersTable;
    folders: FoldersTable;
    documents: DocumentsTable;
    document_versions: DocumentVersionsTable;
    document_thumbnails: DocumentThumbnailsTable;
    document_operations: DocumentOperationsTable;
    topics: TopicsTable;
    document_topics: DocumentTopicsTable;
    shares: SharesTable;
    document_texts: DocumentTextsTable;
  }
}
