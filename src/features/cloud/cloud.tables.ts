import type { ColumnType } from 'kysely';

type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>;

export interface CloudConnectionsTable {
  id: string;
  owner_account_id: string;
  kind: 'webdav' | 's3';
  name: string;
  endpoint: string;
  bucket: string | null;
  region: string | null;
  root: string;
  /** AES-GCM under a key of the account. */
  sealed_credentials: string;
  /** Which SECRET_KEY that key came from. */
  key_id: string;
  mirror_folder_id: Nullable<string>;
  mirror_path: string;
  mirror_every_seconds: Nullable<number>;
  mirror_due_at: Nullable<string>;
  created_at: string;
  updated_at: string;
  mirrored_at: Nullable<string>;
  checked_at: Nullable<string>;
  check_error: Nullable<string>;
}

export interface CloudItemsTable {
  cloud_connection_id: string;
  direction: 'import' | 'mirror';
  remote_path: string;
  remote_tag: string | null;
  document_id: string | null;
  version: number | null;
  done_at: string;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    cloud_connections: CloudConnectionsTable;
    cloud_items: CloudItemsTable;
  }
}
