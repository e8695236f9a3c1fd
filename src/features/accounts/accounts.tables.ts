import type { ColumnType } from 'kysely';

export interface AccountsTable {
  id: string;
  username: string;
  password_hash: string;
  role: 'user' | 'admin';
  created_at: string;
  updated_at: string;
  password_changed_at: string;
  bytes_used: ColumnType<number, number | undefined, number>;
  bytes_limit: ColumnType<number | null, number | null | undefined, number | null>;
}

export interface AuthSessionsTable {
  id: string;
  account_id: string;
  token_hash: string;
  kind: 'api' | 'admin_page';
  created_at: string;
  expires_at: string;
  revoked_at: ColumnType<string | null, string | null | undefined, string | null>;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    accounts: AccountsTable;
    auth_sessions: AuthSessionsTable;
  }
}
