import type { JsonSchema, SchemaBook } from './json-schema.ts';

/** What a field of this name looks like in the documentation. Made up: no real id, hash or token. */
const byName: Record<string, unknown> = {
  id: 'inc_01kdxyz8mf4q7c2r5t9w3b6n8p',
  incident_id: 'inc_01kdxyz8mf4q7c2r5t9w3b6n8p',
  stream_id: 'str_01kdxz0a7h2m5v8x1c4f6j9k3q',
  account_id: 'acct_01kdxw5c9n3p6s8v2y4b7d1g5j',
  owner_account_id: 'acct_01kdxw5c9n3p6s8v2y4b7d1g5j',
  actor_account_id: 'acct_01kdxw5c9n3p6s8v2y4b7d1g5j',
  session_id: 'ses_01kdxx1e4r6t8w2y5a7c9f3h6m',
  chunk_id: 'chk_01kdxz3b5g8k1n4q7t9v2x6z8a',
  checkin_id: 'chi_01kdxz7a1c3e5g7j9k2m4p6r8t',
  token_id: 'itk_01kdxz9d2f5h7k1m4p6r8t3w5y',
  decision_id: 'del_01kdy02c4e6g8j1l3n5q7s9v2x',
  token: 'q3ZkWJ0v8mYc1R5tXbN7uHfE2aLs9dGp4KiQoTzVxMw',
  username: 'ada',
  password: 'a long pass phrase',
  current_password: 'a long pass phrase',
  new_password: 'another long pass phrase',
  client_label: 'Walk home',
  label: 'Front camera',
  notes: 'Two people at the corner.',
  media_type: 'video',
  chunk_index: 1,
  expected_chunk_count: 12,
  started_at: '2026-01-02T03:04:05.000Z',
  ended_at: '2026-01-02T03:04:07.000Z',
  due_at: '2026-01-02T22:00:00.000Z',
  grace_seconds: 900,
  overdue_at: '2026-01-02T22:15:00.000Z',
  expires_at: '2099-12-31T23:59:59.000Z',
  sha256_hex: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  original_filename: 'clip-0001.mp4',
  capture_group_id: 'cgr_01kdy02c4e6g8j1l3n5q7s9v2x',
  capture_stream_group_id: 'cgr_01kdy02c4e6g8j1l3n5q7s9v2x',
  capability_id: 'cap_01kdy02c4e6g8j1l3n5q7s9v2x',
  relay_url: 'https://relay.example.org',
  ttl_seconds: 600,
  safety_check_id: 'sfc_01kdy02c4e6g8j1l3n5q7s9v2x',
  supersession_id: 'sup_01kdy02c4e6g8j1l3n5q7s9v2x',
  capture_source_id: 'phone-front-camera',
  source_clock_id: 'monotonic-1',
  source_timeline_hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  source_segment_id: 'seg-0001',
  context_digest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  source_started_at: '2026-01-02T03:04:05.000Z',
  source_ended_at: '2026-01-02T03:04:07.000Z',
  byte_size: 262144,
  device_battery_percent: 71,
  device_network: 'lte',
  latitude: 59.3293,
  longitude: 18.0686,
  accuracy_meters: 12.5,
  failure_reason: 'camera lost',
  reason_code: 'owner_asked',
  mismatched_fields: ['sha256_hex', 'ended_at'],
};

/** Ids of the object that a schema is, where its field is only called `id`. */
const idOfComponent: Record<string, string> = {
  Account: 'account_id',
  Stream: 'stream_id',
  Chunk: 'chunk_id',
  CaptureGroup: 'capture_group_id',
  Supersession: 'supersession_id',
  SafetyCheck: 'safety_check_id',
  CheckIn: 'checkin_id',
};

const anyTime = '2026-01-02T03:04:05.678Z';

/** A value that the schema accepts, told by field names where they say more than the type. */
export function exampleOf(schema: JsonSchema, book: SchemaBook, name = '', owner = ''): unknown {
  if (schema.$ref !== undefined)
    return exampleOf(book.resolve(schema), book, name, schema.$ref.split('/').at(-1) ?? '');
  if (schema.const !== undefined) return schema.const;
  if (schema.type === 'object') return objectExample(schema, book, owner);
  const named = byName[name === 'id' ? (idOfComponent[owner] ?? name) : name];
  if (named !== undefined) return named;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf?.[0] !== undefined) return exampleOf(schema.anyOf[0], book, name);
  if (schema.default !== undefined) return schema.default;
  if (schema.type === 'array') return schema.items === undefined ? [] : [exampleOf(schema.items, book)];
  if (schema.type === 'boolean') return false;
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'integer' || type === 'number')
    return Math.max(schema.minimum ?? 0, name.includes('bytes') ? 262144 : 1);
  if (schema.format === 'date-time') return anyTime;
  return 'text';
}

function objectExample(schema: JsonSchema, book: SchemaBook, owner: string): Record<string, unknown> {
  const shown = Object.entries(schema.properties ?? {}).filter(([name]) => !laterOnly.has(name));
  return Object.fromEntries(shown.map(([name, value]) => [name, exampleOf(value, book, name, owner)]));
}

/** Optional fields that contradict the state that an example shows. */
const laterOnly = new Set(['next_cursor', 'chunks_next_cursor', 'cursor', 'closed_at', 'failed_at', 'completed_at']);
