import type { ColumnType } from 'kysely';

export interface RelayCapabilitiesTable {
  id: string;
  kind: 'upload' | 'fanout';
  incident_id: string;
  stream_id: string;
  account_id: string;
  token_hash: string;
  created_at: string;
  expires_at: string;
  revoked_at: ColumnType<string | null, string | null | undefined, string | null>;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    relay_capabilities: RelayCapabilitiesTable;
  }
}
