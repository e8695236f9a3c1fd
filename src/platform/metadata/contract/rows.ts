import { at, build, hash } from './build-row.ts';
import { captureRows } from './capture-rows.ts';
import type { Row } from './transactions.ts';
import { vaultRows } from './vault-rows.ts';

export { hash };

/** One valid row of each table; together, in this order, they refer to one another. */
export const rows = {
  account: build('accounts', {
    id: 'acct_1',
    username: 'amal',
    password_hash: 'x',
    role: 'user',
    created_at: at,
    updated_at: at,
    password_changed_at: at,
  }),
  session: build('auth_sessions', {
    id: 'ses_1',
    account_id: 'acct_1',
    token_hash: hash('1'),
    kind: 'api',
    created_at: at,
    expires_at: at,
  }),
  incident: build('incidents', {
    id: 'inc_1',
    owner_account_id: 'acct_1',
    status: 'open',
    created_at: at,
    updated_at: at,
  }),
  stream: build('media_streams', {
    id: 'str_1',
    incident_id: 'inc_1',
    media_type: 'audio',
    status: 'open',
    created_at: at,
    updated_at: at,
  }),
  chunk: build('chunks', {
    id: 'chk_1',
    incident_id: 'inc_1',
    stream_id: 'str_1',
    chunk_index: 1,
    media_type: 'audio',
    started_at: at,
    ended_at: at,
    stored_path: 'a/b',
    byte_size: 10,
    sha256_hex: hash('a'),
    created_at: at,
  }),
  operation: build('upload_operations', {
    id: 'upo_1',
    operation_type: 'complete_chunk',
    idempotency_key_hash: hash('b'),
    state: 'completed',
    incident_id: 'inc_1',
    chunk_id: 'chk_1',
    fingerprint: hash('c'),
    created_at: at,
  }),
  checkin: build('checkins', { id: 'chi_1', incident_id: 'inc_1', created_at: at, latitude: 59.3, longitude: 18.1 }),
  token: build('incident_tokens', { id: 'itk_1', incident_id: 'inc_1', token_hash: hash('d'), created_at: at }),
  decision: build('incident_deletion_decisions', {
    id: 'del_1',
    incident_id: 'inc_1',
    source: 'account_request',
    allow_open: 0,
    state: 'deletion_pending',
    item_count: 1,
    requested_at: at,
    updated_at: at,
  }),
  item: build('incident_deletion_items', {
    id: 'dit_1',
    decision_id: 'del_1',
    stored_path: 'a/b',
    byte_size: 10,
    state: 'pending',
    updated_at: at,
  }),
  ...captureRows,
  audit: build('audit_log', {
    id: 'aud_1',
    at,
    actor: 'server',
    action: 'x',
    subject_type: 'incident',
    outcome: 'done',
  }),
  ...vaultRows,
};

/** Every table once. */
export function oneOfEach(): Row[] {
  return Object.values(rows).map((row) => row());
}

/** An account, its incident and a stream to append to. */
export function anOpenStream(): Row[] {
  return [rows.account(), rows.incident(), rows.stream()];
}
