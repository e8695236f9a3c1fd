import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import type { Constraint } from '#platform/metadata/constraint.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { at } from './build-row.ts';
import { hash, oneOfEach, rows } from './rows.ts';
import { anyTables, deleteRow, insertRows, type Row, updateRow } from './transactions.ts';

/** Each value outside its CHECK, in a row that is valid otherwise and clashes with none of `oneOfEach`. */
const outside: Record<string, [Row, ...Row[]]> = {
  'accounts.username': [rows.account({ id: 'acct_2', username: '' })],
  'accounts.role': [rows.account({ id: 'acct_2', username: 'b', role: 'root' })],
  'accounts.bytes_used': [rows.account({ id: 'acct_2', username: 'b', bytes_used: -1 })],
  'accounts.bytes_limit': [rows.account({ id: 'acct_2', username: 'b', bytes_limit: -1 })],
  'auth_sessions.token_hash': notHashes(rows.session, 'token_hash', { id: 'ses_2' }),
  'auth_sessions.kind': [rows.session({ id: 'ses_2', token_hash: hash('2'), kind: 'cookie' })],
  'incidents.status': [rows.incident({ id: 'inc_2', status: 'paused' })],
  'incidents.incident_mode': [rows.incident({ id: 'inc_2', incident_mode: '' })],
  'incidents.capture_profile': [rows.incident({ id: 'inc_2', capture_profile: 'all' })],
  'incidents.escalation_policy': [rows.incident({ id: 'inc_2', escalation_policy: 'soon' })],
  'incidents.sharing_state': [rows.incident({ id: 'inc_2', sharing_state: 'public' })],
  'incidents.deletion_state': [rows.incident({ id: 'inc_2', deletion_state: 'gone' })],
  'media_streams.media_type': [rows.stream({ id: 'str_2', media_type: 'text' })],
  'media_streams.status': [rows.stream({ id: 'str_2', status: 'closed' })],
  'media_streams.expected_chunk_count': [rows.stream({ id: 'str_2', expected_chunk_count: 0 })],
  'media_streams.chunk_count': [rows.stream({ id: 'str_2', chunk_count: -1 })],
  'media_streams.byte_count': [rows.stream({ id: 'str_2', byte_count: -1 })],
  'media_streams.variant_role': [variant({ variant_role: 'preview_only' }), variant({ variant_role: null })],
  'media_streams.quality_profile': [variant({ quality_profile: 'x' }), variant({ quality_profile: null })],
  'media_streams.upload_priority': [variant({ upload_priority: 'x' }), variant({ upload_priority: null })],
  'media_streams.capture_group_id': [variant({ capture_group_id: null })],
  'capture_groups.capture_source_id': [rows.captureGroup({ id: 'cgr_2', capture_source_id: '' })],
  'capture_groups.source_timeline_hash': notHashes(rows.captureGroup, 'source_timeline_hash', { id: 'cgr_2' }),
  'source_segments.source_segment_id': [rows.segment({ source_segment_id: '' })],
  'source_segments.source_sequence': [rows.segment({ source_segment_id: 'seg_2', source_sequence: -1 })],
  'source_segments.source_ended_at': [
    rows.segment({ source_segment_id: 'seg_2', source_ended_at: '2026-01-02T03:04:05.678Z' }),
    rows.segment({ source_segment_id: 'seg_2', source_started_at: '2026-01-02T03:04:07.6781Z' }),
  ],
  'chunk_sources.context_digest': notHashes(rows.chunkSource, 'context_digest', {
    chunk_id: 'chk_2',
    stream_id: 'str_2',
  }),
  'supersessions.coverage_basis': [rows.supersession({ id: 'sup_2', coverage_basis: 'x' })],
  'supersessions.validation_state': [rows.supersession({ id: 'sup_2', validation_state: 'x' })],
  'supersessions.policy_version': [rows.supersession({ id: 'sup_2', policy_version: 0 })],
  'supersessions.reason': [
    rows.supersession({ id: 'sup_2', reason: 'x' }),
    rows.supersession({ id: 'sup_2', reason: 'withdrawn' }),
    rows.supersession({ id: 'sup_2', withdraws_id: 'sup_1' }),
  ],
  'supersessions.actor': [
    rows.supersession({ id: 'sup_2', actor: 'ghost' }),
    rows.supersession({ id: 'sup_2', actor: 'account' }),
    rows.supersession({ id: 'sup_2', actor_account_id: 'acct_1' }),
  ],
  'safety_checks.state': [rows.safetyCheck({ id: 'sfc_2', state: 'x' })],
  'safety_checks.grace_seconds': [ended({ grace_seconds: -1 })],
  'safety_checks.missed_at': [ended({ missed_at: at }), ended({ state: 'resolved' })],
  'safety_checks.ended_at': [ended({ ended_at: null })],
  'chunks.chunk_index': [
    rows.chunk({ id: 'chk_2', chunk_index: 0 }),
    rows.chunk({ id: 'chk_2', stream_id: null, chunk_index: -1 }),
  ],
  'chunks.stream_id': [rows.chunk({ id: 'chk_2', chunk_index: 2, stream_id: '' })],
  'chunks.media_type': [rows.chunk({ id: 'chk_2', stream_id: null, media_type: 'text' })],
  'chunks.byte_size': [rows.chunk({ id: 'chk_2', chunk_index: 2, byte_size: -1 })],
  'chunks.sha256_hex': notHashes(rows.chunk, 'sha256_hex', { id: 'chk_2', chunk_index: 2 }),
  'upload_operations.operation_type': [
    rows.operation({ id: 'upo_2', idempotency_key_hash: hash('e'), operation_type: 'x' }),
  ],
  'upload_operations.state': [rows.operation({ id: 'upo_2', idempotency_key_hash: hash('e'), state: 'x' })],
  'upload_operations.idempotency_key_hash': notHashes(rows.operation, 'idempotency_key_hash', { id: 'upo_2' }),
  'upload_operations.fingerprint': notHashes(rows.operation, 'fingerprint', {
    id: 'upo_2',
    idempotency_key_hash: hash('e'),
  }),
  'incident_tokens.token_hash': notHashes(rows.token, 'token_hash', { id: 'itk_2' }),
  'incident_deletion_decisions.source': [decision({ source: 'x' })],
  'incident_deletion_decisions.allow_open': [decision({ allow_open: 2 })],
  'incident_deletion_decisions.state': [decision({ state: 'open' })],
  'incident_deletion_decisions.item_count': [decision({ item_count: -1 })],
  'incident_deletion_items.byte_size': [rows.item({ id: 'dit_2', byte_size: -1 })],
  'incident_deletion_items.state': [rows.item({ id: 'dit_2', state: 'x' })],
  'incident_deletion_items.attempts': [rows.item({ id: 'dit_2', attempts: -1 })],
  'audit_log.actor': [rows.audit({ id: 'aud_2', actor: 'ghost' })],
  'audit_log.outcome': [rows.audit({ id: 'aud_2', outcome: 'perhaps' })],
  'audit_log.seq': [
    rows.audit({ id: 'aud_2', seq: 0, hash: hash('2') }),
    rows.audit({ id: 'aud_2', seq: 1 }),
    rows.audit({ id: 'aud_2', hash: hash('2') }),
  ],
  'auth_sessions.family_id': [
    rows.session({ id: 'ses_2', token_hash: hash('2'), kind: 'browser' }),
    rows.session({ id: 'ses_2', token_hash: hash('2'), family_id: 'fam_1' }),
  ],
  'refresh_tokens.token_hash': notHashes(rows.family, 'token_hash', { id: 'rft_2' }),
  'quotas.bytes_limit': [rows.quota({ account_id: 'acct_2', bytes_limit: -1 })],
  'quotas.documents_limit': [rows.quota({ account_id: 'acct_2', documents_limit: -1 })],
  'quotas.bytes_used': [rows.quota({ account_id: 'acct_2', bytes_used: -1 })],
  'quotas.documents_used': [rows.quota({ account_id: 'acct_2', documents_used: -1 })],
  'groups.name': [rows.group({ id: 'grp_2', name: '' })],
  'folders.name': [rows.folder({ id: 'fld_2', name: '' }), rows.folder({ id: 'fld_2', name: 'a'.repeat(256) })],
  'folders.parent_id': [rows.folder({ id: 'fld_2', name: 'b', parent_id: 'fld_2' })],
  'documents.name': [rows.document({ id: 'doc_2', name: '' })],
  'documents.version': [rows.document({ id: 'doc_2', name: 'b', version: 0 })],
  'documents.byte_size': [rows.document({ id: 'doc_2', name: 'b', byte_size: -1 })],
  'documents.sha256_hex': notHashes(rows.document, 'sha256_hex', { id: 'doc_2', name: 'b' }),
  'documents.status': [rows.document({ id: 'doc_2', name: 'b', status: 'new' })],
  'documents.deletion_state': [rows.document({ id: 'doc_2', name: 'b', deletion_state: 'gone' })],
  'document_versions.version': [rows.version({ version: 0, stored_path: 'a/z' })],
  'document_versions.byte_size': [rows.version({ version: 2, stored_path: 'a/z', byte_size: -1 })],
  'document_versions.sha256_hex': notHashes(rows.version, 'sha256_hex', { version: 2, stored_path: 'a/z' }),
  'topics.name': [rows.topic({ id: 'top_2', name: '' })],
  'document_topics.state': [rows.documentTopic({ topic_id: 'top_2', state: 'x' })],
  'shares.kind': [share({ kind: 'public' })],
  'shares.access': [share({ access: 'all' }), share({ access: 'edit' })],
  'shares.target': [share({ folder_id: 'fld_1' }), share({ document_id: null })],
  'shares.receiver': [
    share({ account_id: 'acct_1' }),
    share({ kind: 'account' }),
    share({ kind: 'group', token_hash: null, link_key: null }),
    share({ link_key: null }),
    share({ kind: 'account', account_id: 'acct_1', token_hash: null, link_key: null, password_hash: 'x' }),
  ],
  'shares.max_downloads': [share({ max_downloads: 0 })],
  'cloud_connections.kind': [rows.connection({ id: 'con_2', name: 'b', kind: 'ftp' })],
  'cloud_connections.mirror_every_seconds': [rows.connection({ id: 'con_2', name: 'b', mirror_every_seconds: 299 })],
  'cloud_connections.bucket': [
    rows.connection({ id: 'con_2', name: 'b', bucket: 'x' }),
    rows.connection({ id: 'con_2', name: 'b', kind: 's3', region: 'x' }),
  ],
  'cloud_connections.region': [
    rows.connection({ id: 'con_2', name: 'b', region: 'x' }),
    rows.connection({ id: 'con_2', name: 'b', kind: 's3', bucket: 'x' }),
  ],
  'cloud_connections.mirror_due_at': [
    rows.connection({ id: 'con_2', name: 'b', mirror_every_seconds: 300 }),
    rows.connection({ id: 'con_2', name: 'b', mirror_due_at: '2026-01-02T03:04:05.678Z' }),
  ],
  'cloud_items.direction': [rows.cloudItem({ direction: 'both' })],
  'resumable_uploads.target': [rows.resumable({ id: 'upl_2', target: 'x' })],
  'resumable_uploads.incident_id': [
    rows.resumable({ id: 'upl_2', target: 'chunk' }),
    rows.resumable({ id: 'upl_2', incident_id: 'inc_1' }),
  ],
  'resumable_uploads.stream_id': [rows.resumable({ id: 'upl_2', stream_id: 'str_1' })],
  'resumable_uploads.state': [rows.resumable({ id: 'upl_2', state: 'x' })],
  'resumable_uploads.received_bytes': [rows.resumable({ id: 'upl_2', received_bytes: 11 })],
  'resumable_parts.byte_size': [rows.resumablePart({ start_byte: 10, stored_path: 'a/z', byte_size: 0 })],
  'jobs.kind': [rows.job({ id: 'job_2', kind: 'x' })],
  'jobs.state': [rows.job({ id: 'job_2', state: 'x' })],
};

function share(values: Record<string, unknown>): Row {
  return rows.share({ id: 'shr_2', token_hash: hash('2'), ...values });
}

function variant(values: Record<string, unknown>): Row {
  return rows.stream({
    id: 'str_2',
    capture_group_id: 'cgr_1',
    variant_role: 'live_preview',
    quality_profile: 'adaptive_low_latency',
    upload_priority: 'near_live',
    ...values,
  });
}

function ended(values: Record<string, unknown>): Row {
  return rows.safetyCheck({ id: 'sfc_2', state: 'cancelled', ended_at: at, ...values });
}

function decision(values: Record<string, unknown>): Row {
  return rows.decision({ id: 'del_2', incident_id: 'inc_1', ...values });
}

function notHashes(
  row: (values: Record<string, unknown>) => Row,
  column: string,
  values: Record<string, unknown>,
): [Row, ...Row[]] {
  const wrong = [`${hash('a')}a`, 'A'.repeat(64), 'a'.repeat(63), 'g'.repeat(64)];
  return [row({ ...values, [column]: '' }), ...wrong.map((value) => row({ ...values, [column]: value }))];
}

const twice: Record<string, [Row[], Row]> = {
  'a username': [[], rows.account({ id: 'acct_2' })],
  'a session token': [[], rows.session({ id: 'ses_2' })],
  'a viewer token': [[], rows.token({ id: 'itk_2' })],
  'a segment of a group': [[], rows.segment({ source_sequence: 2 })],
  'the place of a chunk': [[], rows.chunkSource({ stream_id: 'str_2' })],
  'a segment of a stream': [[rows.chunk({ id: 'chk_w', chunk_index: 7 })], rows.chunkSource({ chunk_id: 'chk_w' })],
  'what takes a supersession back': [
    [rows.supersession({ id: 'sup_3', reason: 'withdrawn', withdraws_id: 'sup_1' })],
    rows.supersession({ id: 'sup_4', reason: 'withdrawn', withdraws_id: 'sup_1' }),
  ],
  'a safety check that holds': [[], rows.safetyCheck({ id: 'sfc_2', state: 'missed', missed_at: at })],
  'an idempotency key': [[], rows.operation({ id: 'upo_2' })],
  'a streamed chunk': [[], rows.chunk({ id: 'chk_2', sha256_hex: hash('f') })],
  'an unstreamed chunk': [
    [rows.chunk({ id: 'chk_u', stream_id: null, chunk_index: 0 })],
    rows.chunk({ id: 'chk_v', stream_id: null, chunk_index: 0 }),
  ],
  'a decision on one incident': [[], rows.decision({ id: 'del_2' })],
  'an id': [[], rows.audit()],
  'a place in the audit chain': [
    [rows.audit({ id: 'aud_2', seq: 1, hash: hash('2') })],
    rows.audit({ id: 'aud_3', seq: 1, hash: hash('3') }),
  ],
  'a refresh token': [[], rows.family({ id: 'rft_2' })],
  'the name of a group': [[], rows.group({ id: 'grp_2' })],
  'the name of a folder in the root': [[], rows.folder({ id: 'fld_2' })],
  'the name of a folder in a folder': [
    [rows.folder({ id: 'fld_3', parent_id: 'fld_1' })],
    rows.folder({ id: 'fld_4', parent_id: 'fld_1' }),
  ],
  'the name of a document in the root': [[], rows.document({ id: 'doc_2' })],
  'the name of a document in a folder': [
    [rows.document({ id: 'doc_3', folder_id: 'fld_1' })],
    rows.document({ id: 'doc_4', folder_id: 'fld_1' }),
  ],
  'a version': [[], rows.version({ stored_path: 'a/z' })],
  'the place of a version': [[], rows.version({ version: 2 })],
  'a topic of an account': [[], rows.topic({ id: 'top_2' })],
  'a link': [[], rows.share({ id: 'shr_2' })],
  'the name of a connection': [[], rows.connection({ id: 'con_2' })],
  'a part of an upload': [[], rows.resumablePart({ stored_path: 'a/z' })],
};

const astray: Record<string, Row> = {
  'a session of nobody': rows.session({ id: 'ses_2', token_hash: hash('2'), account_id: 'acct_9' }),
  'an incident of nobody': rows.incident({ id: 'inc_2', owner_account_id: 'acct_9' }),
  'a stream of no incident': rows.stream({ id: 'str_2', incident_id: 'inc_9' }),
  'a stream of no group': variant({ capture_group_id: 'cgr_9' }),
  'a group of no incident': rows.captureGroup({ id: 'cgr_2', incident_id: 'inc_9' }),
  'a segment of no group': rows.segment({ capture_group_id: 'cgr_9' }),
  'a place of no chunk': rows.chunkSource({ chunk_id: 'chk_9', stream_id: 'str_2' }),
  'a place in no segment': rows.chunkSource({ chunk_id: 'chk_2', source_segment_id: 'seg_9' }),
  'a supersession in no group': rows.supersession({ id: 'sup_2', capture_group_id: 'cgr_9' }),
  'a safety check of no incident': ended({ incident_id: 'inc_9' }),
  'a chunk of no stream': rows.chunk({ id: 'chk_2', stream_id: 'str_9' }),
  'a chunk of another media type than its stream': rows.chunk({ id: 'chk_2', chunk_index: 2, media_type: 'video' }),
  'a chunk of no incident': rows.chunk({ id: 'chk_2', stream_id: null, incident_id: 'inc_9' }),
  'an operation without its chunk': rows.operation({
    id: 'upo_2',
    idempotency_key_hash: hash('e'),
    chunk_id: 'chk_9',
  }),
  'a check-in of no incident': rows.checkin({ id: 'chi_2', incident_id: 'inc_9' }),
  'a viewer token of no incident': rows.token({ id: 'itk_2', token_hash: hash('e'), incident_id: 'inc_9' }),
  'a decision on no incident': rows.decision({ id: 'del_2', incident_id: 'inc_9' }),
  'an item of no decision': rows.item({ id: 'dit_2', decision_id: 'del_9' }),
  'a folder of nobody': rows.folder({ id: 'fld_2', owner_account_id: 'acct_9' }),
  'a document of nobody': rows.document({ id: 'doc_2', owner_account_id: 'acct_9' }),
  "a document in somebody else's folder": rows.document({
    id: 'doc_2',
    owner_account_id: 'acct_2',
    folder_id: 'fld_1',
  }),
  'a version of no document': rows.version({ document_id: 'doc_9', stored_path: 'a/z' }),
  'a topic of nobody on a document': rows.documentTopic({ topic_id: 'top_9' }),
  "somebody else's document under a topic": rows.documentTopic({ document_id: 'doc_9' }),
  'a share of no document': rows.share({ id: 'shr_2', token_hash: hash('2'), document_id: 'doc_9' }),
  'a connection of nobody': rows.connection({ id: 'con_2', owner_account_id: 'acct_9' }),
  'an upload into no incident': rows.resumable({ id: 'upl_2', target: 'chunk', incident_id: 'inc_9' }),
  'an upload into no stream': rows.resumable({
    id: 'upl_2',
    target: 'chunk',
    incident_id: 'inc_1',
    stream_id: 'str_9',
  }),
  'a part of no upload': rows.resumablePart({ upload_id: 'upl_9', stored_path: 'a/z' }),
  'a job for no document': rows.job({ id: 'job_2', document_id: 'doc_9' }),
  'a text of no document': rows.text({ document_id: 'doc_9' }),
};

export function schemaContract(open: () => Promise<Metadata>): void {
  const refuses = async (metadata: Metadata, row: Row, violated: Constraint, what: string) => {
    await assert.rejects(metadata.write(insertRows, [row]), (error: unknown) => {
      assert.ok(isProblem(error, 'invalid_request'), `${what}: ${error}`);
      assert.deepEqual(error.body, { violated }, `${what}: ${JSON.stringify(row)}`);
      return true;
    });
  };
  const filled = async (more: Row[] = []) => {
    const metadata = await open();
    await metadata.write(insertRows, [...oneOfEach(), ...more]);
    return metadata;
  };

  test('every table takes a valid row', async () => {
    const metadata = await filled();
    for (const { table } of oneOfEach()) {
      assert.equal((await anyTables(metadata.read).selectFrom(table).selectAll().execute()).length, 1, table);
    }
  });

  // One database for all refusals: none of them leaves anything behind.
  test('each CHECK refuses what its column must not hold', async () => {
    const metadata = await filled();
    for (const [column, cases] of Object.entries(outside)) {
      for (const row of cases) await refuses(metadata, row, 'check', column);
    }
  });

  test('what must exist once exists once', async () => {
    const metadata = await filled(Object.values(twice).flatMap(([before]) => before));
    for (const [what, [, row]] of Object.entries(twice)) await refuses(metadata, row, 'unique', what);
  });

  test('nothing points to what is not there', async () => {
    const metadata = await filled();
    for (const [what, row] of Object.entries(astray)) await refuses(metadata, row, 'foreign_key', what);
  });

  test('a required column is required', async () => {
    const metadata = await filled();
    for (const { table, values } of oneOfEach()) {
      const required = Object.keys(values).filter((column) => !optional.has(`${table}.${column}`));
      for (const column of required)
        await refuses(metadata, { table, values: { ...values, [column]: null } }, 'not_null', `${table}.${column}`);
    }
  });

  test('the same index may stand in two streams, and streamed beside unstreamed', async () => {
    const metadata = await filled();
    await metadata.write(insertRows, [
      rows.stream({ id: 'str_2' }),
      rows.chunk({ id: 'chk_2', stream_id: 'str_2' }),
      rows.chunk({ id: 'chk_3', stream_id: null }),
      rows.chunk({ id: 'chk_4', stream_id: null, media_type: 'video' }),
    ]);
  });

  test('an incident takes what hangs on it along, but not past a deletion decision', async () => {
    const metadata = await open();
    const all = oneOfEach();
    await metadata.write(
      insertRows,
      all.filter(({ table }) => !table.startsWith('incident_deletion')),
    );
    assert.equal(await metadata.write(deleteRow, { table: 'incidents', id: 'inc_1' }), 1);
    for (const table of [
      'media_streams',
      'chunks',
      'upload_operations',
      'checkins',
      'incident_tokens',
      'capture_groups',
      'source_segments',
      'chunk_sources',
      'supersessions',
      'safety_checks',
      'relay_capabilities',
    ]) {
      assert.deepEqual(await anyTables(metadata.read).selectFrom(table).selectAll().execute(), [], table);
    }
    const kept = await filledAgain(metadata, all);
    await assert.rejects(kept.write(deleteRow, { table: 'incidents', id: 'inc_1' }));
  });

  test('what is only added to takes no change', async () => {
    const metadata = await filled();
    const values = { reason: 'audio_replaced_by_master' };
    await assert.rejects(metadata.write(updateRow, { table: 'supersessions', id: 'sup_1', values }));
    const [row] = await anyTables(metadata.read).selectFrom('supersessions').selectAll().execute();
    assert.equal(row?.reason, 'higher_quality_confirmed');
  });

  test('an account that owns documents stays', async () => {
    const metadata = await open();
    await metadata.write(insertRows, [rows.account(), rows.document()]);
    await assert.rejects(metadata.write(deleteRow, { table: 'accounts', id: 'acct_1' }));
  });

  test('a document takes what hangs on it along', async () => {
    const metadata = await filled();
    assert.equal(await metadata.write(deleteRow, { table: 'documents', id: 'doc_1' }), 1);
    for (const table of [
      'document_versions',
      'document_thumbnails',
      'document_topics',
      'shares',
      'jobs',
      'document_texts',
    ])
      assert.deepEqual(await anyTables(metadata.read).selectFrom(table).selectAll().execute(), [], table);
  });

  test('an account takes its sessions along and leaves its incidents', async () => {
    const metadata = await open();
    await metadata.write(insertRows, [rows.account(), rows.session(), rows.family(), rows.incident()]);
    assert.equal(await metadata.write(deleteRow, { table: 'accounts', id: 'acct_1' }), 1);
    assert.deepEqual(await anyTables(metadata.read).selectFrom('auth_sessions').selectAll().execute(), []);
    const incident = await anyTables(metadata.read).selectFrom('incidents').selectAll().executeTakeFirstOrThrow();
    assert.equal(incident.owner_account_id, null);
  });
}

/** Columns of the sample rows that may be empty. */
const optional = new Set([
  'incidents.owner_account_id',
  'chunks.stream_id',
  'capture_groups.source_timeline_hash',
  'chunk_sources.context_digest',
  'checkins.latitude',
  'checkins.longitude',
  'shares.document_id',
  'shares.token_hash',
  'shares.link_key',
  'cloud_items.document_id',
  'jobs.owner_account_id',
  'jobs.document_id',
  'jobs.cloud_connection_id',
]);

const ofIncidents = new Set(
  [
    ...[rows.incident, rows.stream, rows.chunk, rows.operation, rows.checkin, rows.token, rows.decision, rows.item],
    ...[rows.captureGroup, rows.segment, rows.chunkSource, rows.supersession, rows.safetyCheck, rows.capability],
  ].map((row) => row().table),
);

async function filledAgain(metadata: Metadata, all: Row[]): Promise<Metadata> {
  await metadata.write(
    insertRows,
    all.filter(({ table }) => ofIncidents.has(table)),
  );
  return metadata;
}
