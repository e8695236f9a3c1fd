/** A table as it is copied: each after those that it refers to, its rows in the order of their key. */
export interface StoredTable {
  readonly name: string;
  readonly key: readonly string[];
}

/** By table: a column that is one database's own way of keeping a row. Not copied. */
export const internalColumns: Readonly<Record<string, string>> = { document_texts: 'rowid' };

const byId = (name: string): StoredTable => ({ name, key: ['id'] });

/** Who is signed in. Left out unless asked for: signing in again is the safer way into a copy. */
const sessionTables: readonly string[] = ['auth_sessions', 'refresh_tokens'];

/** Not copied: it is made again from what it is a cache of. */
export const cacheTables: readonly string[] = [
  'lineage_days',
  // SQLite's full-text index over document_texts, kept by triggers.
  ...['', '_config', '_data', '_docsize', '_idx'].map((part) => `document_search${part}`),
];

/**
 * Uploads that are under way. Not copied along with rows: they vanish all the time, and a client begins anew. Where the rows stay and
 * only blobs move, their parts move too, as the rows still name them.
 */
export const unfinishedTables: readonly StoredTable[] = [
  byId('resumable_uploads'),
  { name: 'resumable_parts', key: ['upload_id', 'start_byte'] },
];

/** Every other table of the schema but the history of migrations, which is each database's own. A test compares this with the schema. */
export const storedTables: readonly StoredTable[] = [
  byId('accounts'),
  byId('auth_sessions'),
  byId('refresh_tokens'),
  byId('incidents'),
  byId('capture_groups'),
  byId('media_streams'),
  byId('chunks'),
  { name: 'source_segments', key: ['capture_group_id', 'source_segment_id'] },
  { name: 'chunk_sources', key: ['chunk_id'] },
  byId('supersessions'),
  byId('safety_checks'),
  { name: 'upload_operations', key: ['idempotency_key_hash'] },
  byId('checkins'),
  byId('incident_tokens'),
  byId('relay_capabilities'),
  byId('incident_deletion_decisions'),
  byId('incident_deletion_items'),
  byId('audit_log'),
  byId('audit_head'),
  { name: 'quotas', key: ['account_id'] },
  byId('groups'),
  { name: 'group_members', key: ['group_id', 'account_id'] },
  byId('folders'),
  byId('documents'),
  { name: 'document_versions', key: ['document_id', 'version'] },
  { name: 'document_thumbnails', key: ['document_id', 'version'] },
  { name: 'document_operations', key: ['idempotency_key_hash'] },
  byId('topics'),
  { name: 'document_topics', key: ['document_id', 'topic_id'] },
  byId('shares'),
  byId('cloud_connections'),
  { name: 'cloud_items', key: ['cloud_connection_id', 'direction', 'remote_path'] },
  byId('jobs'),
  { name: 'document_texts', key: ['document_id'] },
];

export function tablesToCopy(withSessions: boolean): readonly StoredTable[] {
  return storedTables.filter(({ name }) => withSessions || !sessionTables.includes(name));
}

/** Tables whose rows belong to an incident: how many each incident has must be the same on both sides. */
export const childTables: readonly string[] = [
  'media_streams',
  'chunks',
  'upload_operations',
  'checkins',
  'incident_tokens',
  'incident_deletion_decisions',
  'capture_groups',
  'safety_checks',
];
