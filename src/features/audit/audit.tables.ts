export interface AdminAuditTable {
  id: string;
  at: string;
  actor_account_id: string | null;
  actor: 'account' | 'command_line' | 'setup' | 'server';
  action: string;
  subject_type: string;
  subject_id: string | null;
  outcome: 'done' | 'refused';
  detail: string | null;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    admin_audit: AdminAuditTable;
  }
}
