import type { ColumnType } from 'kysely';

export interface IncidentTokensTable {
  id: string;
  incident_id: string;
  token_hash: string;
  label: string | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: ColumnType<string | null, string | null | undefined, string | null>;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    incident_tokens: IncidentTokensTable;
  }
}
