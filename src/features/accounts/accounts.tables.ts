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
  kind: 'api' | 'admin_page' | 'browser';
  /** Of a browser alone: what its refreshes have in common. */
  family_id: ColumnType<string | null, string | null | undefined, never>;
  created_at: string;
  expires_at: string;
  revoked_at: ColumnType<string | null, string | null | undefined, string | null>;
}

export interface RefreshTokensTable {
  id: string;
  account_id: string;
  family_id: string;
  token_hash: string;
  created_at: string;
  /** Of the whole family: being used does not move it. */
  expires_at: string;
  used_at: ColumnType<string | null, string | null | undefined, string | null>;
  successor_id: ColumnType<string | null, string | null | undefined, string | null>;
  revoked_at: ColumnType<string | null, string | null | undefined, string | null>;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    accounts: AccountsTable;
    auth_sessions: AuthSessionsTable;
    refresh_tokens: RefreshTokensTable;
  }
}
