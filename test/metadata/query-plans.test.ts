/** No query of the server reads a large table from end to end, and no cascade does: every one is asked for its plan. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { checkBlobs } from '#compose/check-blobs.ts';
import { transactions } from '#compose/transactions.ts';
import * as accounts from '#features/accounts/accounts.store.ts';
import * as browsers from '#features/accounts/browser/browser.store.ts';
import * as audit from '#features/audit/audit.store.ts';
import * as auditReads from '#features/audit/read-audit.store.ts';
import * as cloud from '#features/cloud/cloud.store.ts';
import { searchDocuments } from '#features/documents/search/search.store.ts';
import { parseSearch } from '#features/documents/search/search-query.ts';
import * as groupChunks from '#features/incidents/bundles/group-chunks.store.ts';
import * as captures from '#features/incidents/captures/captures.store.ts';
import * as supersessions from '#features/incidents/captures/supersessions/supersessions.store.ts';
import * as checkins from '#features/incidents/check-ins/check-ins.store.ts';
import * as chunkSources from '#features/incidents/chunks/chunk-sources.store.ts';
import * as chunks from '#features/incidents/chunks/chunks.store.ts';
import * as deletion from '#features/incidents/deletion/deletion.store.ts';
import { previewRetention } from '#features/incidents/deletion/retention.ts';
import * as incidents from '#features/incidents/incidents.store.ts';
import * as relayCapabilities from '#features/incidents/relay-capabilities/relay-capabilities.store.ts';
import * as safetyChecks from '#features/incidents/safety-checks/safety-checks.store.ts';
import * as streams from '#features/incidents/streams/streams.store.ts';
import * as tokens from '#features/incidents/viewer-tokens/viewer-tokens.store.ts';
import * as claims from '#features/jobs/job-claims.store.ts';
import * as jobStatistics from '#features/jobs/job-statistics.store.ts';
import * as jobs from '#features/jobs/jobs.store.ts';
import { createMemoryBlobStore } from '#platform/blobs/memory/memory-blob-store.ts';
import { hash, oneOfEach, rows } from '#platform/metadata/contract/rows.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { dbOver, type Session, trxOver } from '#platform/metadata/sqlite/executor.ts';
import { migrateSqlite } from '#platform/metadata/sqlite/migrate.ts';
import { Statements } from '#platform/metadata/sqlite/statements.ts';
import { scratchFolder } from '../support/server.ts';
import { documentReads, documentStores, documentWrites, notQueriesOfDocuments } from './plans/documents.ts';
import { notQueriesOfResumable, resumableReads, resumableStores, resumableWrites } from './plans/resumable.ts';
import { notQueriesOfSharing, sharingReads, sharingStores, sharingWrites } from './plans/sharing.ts';

const folder = scratchFolder('plans');
const path = join(folder.path, 'proofline.db');
migrateSqlite({ path });
const database = new DatabaseSync(path);
after(() => {
  database.close();
  folder.remove();
});

const seen = new Map<string, string>();
let running = '';
const statements = new Statements(database);
const session: Session = {
  run: (text, parameters) => {
    if (!seen.has(text)) seen.set(text, running);
    return statements.run(text, parameters);
  },
};
const db: Db = dbOver(session);

const at = '2026-01-02T03:04:05.678Z';
const later = '2036-01-02T03:04:05.678Z';
const auditOf = audit.auditEntry({ actor: 'server', action: 'x', subjectType: 'incident', subjectId: 'inc_1' });
const looseChunk = rows.chunk({ id: 'chk_0', stream_id: null }).values;
const unstreamed = { incidentId: 'inc_1', streamId: null, mediaType: 'audio', chunkIndex: 1 } as const;

for (const row of [
  ...oneOfEach(),
  rows.chunk({ id: 'chk_0', stream_id: null }),
  rows.incident({ id: 'inc_2', owner_account_id: null }),
])
  insert(row.table, row.values);

database.exec(
  `UPDATE jobs SET kind = 'text', state = 'running', holder = 'x', fence = 1, run_after = '${at}', leased_until = '${at}' WHERE id = 'job_1'`,
);
database.exec('UPDATE accounts SET bytes_used = 20');
database.exec(`UPDATE resumable_uploads SET expires_at = '${later}'`);

const claim = { jobId: 'job_1', fence: 1 };
const due = { kinds: ['text', 'sniff'] as const, at: later };
const mirrorJob = { id: 'job_2', kind: 'mirror', ownerAccountId: 'acct_1', cloudConnectionId: 'con_1', at } as const;
const newJob = { id: 'job_2', kind: 'text', ownerAccountId: 'acct_1', at } as const;

/** What every function of the stores is called with, after the database. A function that is missing here fails the test. */
const reads: Record<string, Record<string, unknown[][]>> = {
  accounts: {
    accountById: [['acct_1']],
    accountHeld: [['acct_1']],
    accountToChange: [['acct_1']],
    accountByUsername: [['amal']],
    listAccounts: [[10], [10, 'acct_0']],
    usernamesOf: [[['acct_1']]],
    administratorExists: [[]],
    sessionHolder: [['api', hash('1')]],
    revokeSessionsOf: [
      ['acct_1', at],
      ['acct_1', at, 'ses_2'],
    ],
    openSessionsOf: [['acct_1', at]],
    sessionById: [['ses_1']],
  },
  auditReads: {
    findAudit: [
      [{}, 10],
      [{ readableBy: 'acct_1', action: 'a.b' }, 10, 'aud_2'],
      [{ from: at, to: later, actor: 'acct_1' }, 10],
      [{ from: at, to: later, actor: 'server' }, 10],
    ],
    chainHead: [[]],
  },
  audit: { listAudit: [[10], [10, 'aud_2']], appendAudit: [[auditOf]] },
  browsers: {
    refreshTokenByHash: [[hash('1')]],
    refreshTokenById: [['rft_1']],
    revokeFamily: [['fam_1', at]],
    revokeRefreshTokensOf: [
      ['acct_1', at, null],
      ['acct_1', at, 'fam_1'],
    ],
    removeExpired: [
      ['auth_sessions', at, 10],
      ['refresh_tokens', at, 10],
    ],
  },
  cloud: {
    connectionById: [['con_1']],
    connectionFor: [[{ accountId: 'acct_1' }, 'con_1']],
    listConnections: [
      ['acct_1', 10],
      ['acct_1', 10, 'con_0'],
    ],
    dueConnections: [[later, 10]],
    connectionsUnderOtherKeys: [['y', 10, '']],
    itemAt: [['con_1', 'import', '/a']],
    jobsOfConnection: [
      ['con_1', 10],
      ['con_1', 10, 'job_2'],
    ],
  },
  captures: {
    captureGroupOf: [['inc_1', 'cgr_1']],
    groupsToLookAt: [[10]],
    captureGroupsOf: [
      ['inc_1', 10],
      ['inc_1', 10, 'cgr_2'],
    ],
    chunkPlacesOf: [
      ['cgr_1', 10],
      ['cgr_1', 10, { segmentId: 'seg_0', streamId: 'str_0' }],
    ],
    segmentsOf: [
      ['cgr_1', 10],
      ['cgr_1', 10, 'seg_0'],
    ],
    variantsOf: [['cgr_1']],
    countChunksOf: [['cgr_1']],
    confirmedChunkOf: [['cgr_1', 'str_1', 'seg_1']],
    confirmedContextOf: [['cgr_1', hash('a')]],
  },
  supersessions: {
    supersessionsOf: [
      ['cgr_1', 10],
      ['cgr_1', 10, 'sup_0'],
    ],
    supersessionOf: [['cgr_1', 'sup_1']],
    withdrawalOf: [['sup_1']],
    countSupersessions: [['cgr_1']],
    withdrawnAmong: [[['sup_1']]],
  },
  safetyChecks: {
    safetyChecksOf: [
      ['inc_1', 10],
      ['inc_1', 10, 'sfc_2'],
    ],
    safetyCheckOf: [['inc_1', 'sfc_1']],
    safetyCheckToChange: [['inc_1', 'sfc_1']],
    holdingSafetyCheck: [['inc_1']],
    overdueSafetyChecks: [[later, 10]],
    countSafetyChecks: [['missed']],
  },
  chunkSources: { sourcesOf: [[['chk_1', 'chk_2']]], sourceOf: [['chk_1']] },
  groupChunks: { chunksOfGroup: [['cgr_1']] },
  checkins: { checkinsOf: [['inc_1', 10]], latestCheckins: [['inc_1', 1]] },
  chunks: {
    chunkById: [['chk_1']],
    chunkByIdentity: [[{ ...unstreamed, streamId: 'str_1' }], [unstreamed]],
    earlierUpload: [
      [{ ...unstreamed, streamId: 'str_1' }, hash('b')],
      [unstreamed, hash('b')],
    ],
    chunksOfIncident: [
      ['inc_1', 10],
      ['inc_1', 10, 'chk_0'],
      ['inc_1', 10, 'chk_1'],
    ],
    chunksAfter: [
      ['inc_1', 10, undefined],
      ['inc_1', 10, { stream_id: 'str_1', media_type: 'audio', chunk_index: 1 }],
    ],
    chunksOfStream: [['inc_1', 'str_1', 0, 10]],
    chunkBlobsOfStream: [['inc_1', 'str_1', 0, 10]],
    unstreamedSummary: [['inc_1']],
  },
  claims: {
    dueJobs: [[due, 10]],
    nextToClaim: [[due]],
    jobToClaim: [['job_1', due]],
    changeClaimed: [[claim, { updated_at: at }]],
  },
  jobs: {
    jobById: [['job_1']],
    listJobs: [
      [undefined, 10],
      [undefined, 10, 'job_2'],
      ['parked', 10],
      ['done', 10, 'job_2'],
    ],
    jobsOfDocument: [
      ['doc_1', 10],
      ['doc_1', 10, 'job_0'],
    ],
    insertJobs: [[[newJob]]],
    finishJob: [[claim, at, [newJob]]],
  },
  jobStatistics: { countJobs: [['waiting']], longestOverdueMs: [[Date.parse(later)]] },
  deletion: {
    decisionOf: [['inc_1']],
    unfinishedDecisions: [[10]],
    listDecisions: [[10], [10, 'del_2']],
    openItems: [
      ['del_1', 10],
      ['del_1', 10, 'dit_1'],
    ],
    countItems: [['del_1']],
    countUnfinished: [[]],
    progressOf: [[['del_1']]],
  },
  incidents: {
    listIncidents: [
      [undefined, 10],
      [null, 10, 'inc_2'],
      ['acct_1', 10, 'inc_2'],
    ],
    findIncidents: [
      [{}, 10],
      [{ status: 'open' }, 10],
      [{ deletionState: 'deleting' }, 10, 'inc_2'],
      [{ ownerId: 'acct_1', status: 'open', deletionState: 'active' }, 10, 'inc_2'],
    ],
    countIncidents: [[]],
  },
  streams: { streamOf: [['inc_1', 'str_1']], streamToChange: [['inc_1', 'str_1']], streamsOf: [['inc_1']] },
  relayCapabilities: {
    capabilityById: [['cap_1']],
    useCapability: [[{ kind: 'upload', token: 'no such token', incidentId: 'inc_1', streamId: 'str_1' }]],
  },
  tokens: { tokenById: [['itk_1']], incidentOfViewerToken: [['no such token']] },
  ...documentReads,
  ...resumableReads,
  ...sharingReads,
};
const stores = {
  ...documentStores,
  ...resumableStores,
  ...sharingStores,
  auditReads,
  accounts,
  audit,
  browsers,
  captures,
  checkins,
  cloud,
  chunkSources,
  chunks,
  claims,
  deletion,
  groupChunks,
  incidents,
  jobs,
  jobStatistics,
  streams,
  safetyChecks,
  supersessions,
  relayCapabilities,
  tokens,
};
const notQueries = new Set([
  ...['askForLook', 'auditEntry', 'auditPages', 'chainPages', 'earlierOf', 'newJob'],
  ...notQueriesOfDocuments,
  ...notQueriesOfResumable,
  ...notQueriesOfSharing,
]);

const subject = { decisionId: 'del_1', incidentId: 'inc_1', at, audit: auditOf };
const noDecision = 'DELETE FROM incident_deletion_items; DELETE FROM incident_deletion_decisions;';
const blobsGone =
  "UPDATE incident_deletion_decisions SET state = 'deleting'; UPDATE incident_deletion_items SET state = 'removed';";
const inFamily = "UPDATE auth_sessions SET kind = 'browser', family_id = 'fam_1' WHERE id = 'ses_1';";
const refreshToken = (usedAt?: string) => `DELETE FROM refresh_tokens;
  INSERT INTO refresh_tokens (id, account_id, family_id, token_hash, created_at, expires_at, used_at, successor_id)
  VALUES ('rft_1', 'acct_1', 'fam_1', '${hash('7')}', '${at}', '${later}', ${usedAt === undefined ? 'NULL, NULL' : `'${usedAt}', 'rft_2'`}),
    ('rft_2', 'acct_1', 'fam_1', '${hash('8')}', '${at}', '${later}', NULL, NULL);`;
const refresh = {
  accountId: 'acct_1',
  tokenHash: hash('7'),
  successor: { id: 'rft_3', token_hash: hash('9') },
  session: { id: 'ses_3', token_hash: hash('9'), expires_at: later },
  at,
  graceFrom: at,
  audit: auditOf,
};
const variant = {
  capture_group_id: 'cgr_1',
  variant_role: 'live_preview',
  quality_profile: 'adaptive_low_latency',
  upload_priority: 'near_live',
};
/** What every transaction is run with, and on what. One that is missing here fails the test. */
const writes: Record<string, { input: unknown; after?: string }[]> = {
  'accounts.create': [
    {
      input: {
        account: { id: 'acct_2', username: 'b', password_hash: 'x', role: 'admin' },
        at,
        audit: auditOf,
        onlyAsFirstAdministrator: true,
      },
    },
  ],
  'accounts.open_session': [
    {
      input: {
        session: { ...rows.session({ id: 'ses_2', token_hash: hash('2') }).values },
        passwordHash: 'x',
        audit: auditOf,
      },
    },
    {
      input: {
        session: { ...rows.session({ id: 'ses_9', token_hash: hash('2') }).values },
        passwordHash: 'x',
        replacedTokenHash: hash('7'),
        audit: auditOf,
      },
      after: refreshToken(),
    },
  ],
  'accounts.close_session': [
    { input: { sessionId: 'ses_1', at, audit: auditOf } },
    { input: { sessionId: 'ses_1', at, audit: auditOf }, after: inFamily },
  ],
  'accounts.refresh_session': [
    { input: refresh, after: refreshToken() },
    { input: refresh, after: refreshToken(at) },
    { input: refresh, after: `${refreshToken('2025-01-02T03:04:05.678Z')} ${inFamily}` },
  ],
  'accounts.sweep_sessions': [{ input: { before: later, limit: 10 } }],
  'accounts.set_password': [{ input: { accountId: 'acct_1', passwordHash: 'y', at, audit: auditOf } }],
  'accounts.revoke_sessions': [{ input: { accountId: 'acct_1', at, audit: auditOf } }],
  'accounts.set_quota': [{ input: { accountId: 'acct_1', bytesLimit: 1, at, audit: auditOf } }],
  'audit.record': [{ input: auditOf }],
  'incidents.create': [{ input: rows.incident({ id: 'inc_3' }).values }],
  'incidents.close': [{ input: { incidentId: 'inc_1', at } }],
  'incidents.assign_owner': [{ input: { incidentId: 'inc_2', accountId: 'acct_1', at, audit: auditOf } }],
  'streams.create': [
    { input: { ...rows.stream({ id: 'str_2' }).values, capture_group_id: null } },
    { input: rows.stream({ id: 'str_2', ...variant }).values },
  ],
  'captures.create_group': [{ input: rows.captureGroup({ id: 'cgr_2' }).values }],
  'supersessions.record': [
    { input: { incidentId: 'inc_1', row: rows.supersession({ id: 'sup_2' }).values, audit: auditOf } },
    {
      input: {
        incidentId: 'inc_1',
        row: rows.supersession({ id: 'sup_2', superseded_segment_id: 'seg_2' }).values,
        audit: auditOf,
      },
    },
  ],
  'supersessions.withdraw': [
    {
      input: {
        incidentId: 'inc_1',
        withdrawsId: 'sup_1',
        row: rows.supersession({ id: 'sup_2', reason: 'withdrawn', withdraws_id: 'sup_1' }).values,
        audit: auditOf,
      },
    },
  ],
  'streams.complete': [{ input: { incidentId: 'inc_1', streamId: 'str_1', expectedChunkCount: 1, at } }],
  'streams.fail': [{ input: { incidentId: 'inc_1', streamId: 'str_1', failureReason: null, at } }],
  'chunks.record': [
    {
      input: {
        chunk: { ...rows.chunk({ id: 'chk_2', chunk_index: 2 }).values, original_filename: null },
        operation: { id: 'upo_2', keyHash: hash('e'), fingerprint: hash('f') },
        defaultQuotaBytes: 0,
      },
    },
    {
      input: {
        chunk: { ...rows.chunk({ id: 'chk_2', chunk_index: 2 }).values, original_filename: null },
        source: { segmentId: 'seg_2', sequence: 2, startedAt: at, endedAt: later, contextDigest: null },
        defaultQuotaBytes: 0,
      },
      after: `UPDATE media_streams SET capture_group_id = 'cgr_1', variant_role = 'live_preview',
        quality_profile = 'adaptive_low_latency', upload_priority = 'near_live'`,
    },
    {
      input: {
        chunk: { ...looseChunk, id: 'chk_2', chunk_index: 2, original_filename: null },
        operation: { id: 'upo_2', keyHash: hash('e'), fingerprint: hash('f') },
        defaultQuotaBytes: 0,
      },
    },
  ],
  'safety_checks.create': [
    { input: { check: rows.safetyCheck({ id: 'sfc_2' }).values, audit: auditOf } },
    { input: { check: rows.safetyCheck({ id: 'sfc_2' }).values, audit: auditOf }, after: 'DELETE FROM safety_checks' },
  ],
  'safety_checks.end': [
    { input: { incidentId: 'inc_1', checkId: 'sfc_1', to: 'cancelled', at, audit: auditOf, missedAudit: auditOf } },
  ],
  'safety_checks.note_missed': [{ input: { incidentId: 'inc_1', checkId: 'sfc_1', at: later, audit: auditOf } }],
  'checkins.create': [{ input: rows.checkin({ id: 'chi_2' }).values }],
  'viewer_tokens.create': [{ input: rows.token({ id: 'itk_2', token_hash: hash('e') }).values }],
  'supersessions.looked_at': [{ input: { groupId: 'cgr_1', lookAt: at, again: null } }],
  'relay_capabilities.create': [
    { input: { row: rows.capability({ id: 'cap_2', token_hash: hash('d') }).values, audit: auditOf } },
  ],
  'relay_capabilities.revoke': [{ input: { id: 'cap_1', at, audit: auditOf } }],
  'relay_capabilities.sweep': [{ input: { before: at } }],
  'viewer_tokens.revoke': [{ input: { tokenId: 'itk_1', at } }],
  'deletion.request': [
    {
      input: {
        id: 'del_2',
        incidentId: 'inc_1',
        source: 'admin_request',
        reasonCode: null,
        actorAccountId: null,
        allowOpen: true,
        at,
        audit: auditOf,
      },
      after: noDecision,
    },
  ],
  'deletion.retire': [
    {
      input: { id: 'del_2', incidentId: 'inc_2', reasonCode: 'x', closedBefore: later, at, audit: auditOf },
      after: `UPDATE incidents SET status = 'closed', closed_at = '${at}'`,
    },
  ],
  'deletion.list_items': [{ input: { ...subject, after: 'chk_0', limit: 10 } }],
  'deletion.claim': [{ input: { ...subject, staleBefore: null } }],
  'deletion.release': [{ input: subject, after: blobsGone }],
  'deletion.items_removed': [{ input: { decisionId: 'del_1', itemIds: ['dit_1'], at } }],
  'deletion.failed': [{ input: { ...subject, itemIds: ['dit_1'], errorCode: 'x' } }],
  'deletion.remove_rows': [
    { input: { ...subject, limit: 10 }, after: blobsGone },
    { input: { ...subject, limit: 10 }, after: `${blobsGone} DELETE FROM chunks` },
  ],
  'deletion.finish': [{ input: subject, after: `${blobsGone} DELETE FROM chunks` }],
  'deletion.purge_tombstone': [{ input: { incidentId: 'inc_1' } }],
  'deletion.purge_tokens': [{ input: { endedBefore: at } }],
  ...documentWrites,
  ...resumableWrites,
  ...sharingWrites,
  'cloud.add': [{ input: { row: { ...rows.connection({ id: 'con_2', name: 'b' }).values }, audit: auditOf } }],
  'cloud.change': [{ input: { id: 'con_1', changes: { name: 'b' }, at, audit: auditOf } }],
  'cloud.remove': [{ input: { id: 'con_1', audit: auditOf } }],
  'cloud.check': [{ input: { id: 'con_1', error: null, at, audit: auditOf } }],
  'cloud.start': [
    { input: { connectionId: 'con_1', job: mirrorJob, audit: auditOf } },
    {
      input: { connectionId: 'con_1', job: mirrorJob, schedule: { now: later, nextDueAt: later }, audit: auditOf },
      after: `UPDATE cloud_connections SET mirror_every_seconds = 300, mirror_due_at = '${at}'`,
    },
  ],
  'cloud.reseal': [
    {
      input: {
        id: 'con_1',
        from: { sealed_credentials: 'x', key_id: 'x' },
        to: { sealed_credentials: 'y', key_id: 'y' },
        at,
      },
    },
  ],
  'cloud.item': [{ input: { item: rows.cloudItem({ remote_path: '/b' }).values, audit: auditOf } }],
  'cloud.finish': [{ input: { connectionId: 'con_1', claim, input: '{}', mirrored: true, at } }],
  'jobs.claim': [
    { input: { ...due, holder: 'y', leasedUntil: later, now: at } },
    { input: { ...due, id: 'job_1', holder: 'y', leasedUntil: later, now: at } },
  ],
  'jobs.renew': [{ input: { claim, leasedUntil: later, progress: { done: 1, total: 2 }, at } }],
  'jobs.release': [{ input: { claim, attempts: 0, at } }],
  'jobs.retry': [{ input: { claim, runAfter: later, code: 'x', detail: null, at } }],
  'jobs.park': [{ input: { claim, code: 'x', detail: null, at } }],
  'jobs.repeat': [{ input: { jobId: 'job_1', at, audit: auditOf }, after: "UPDATE jobs SET state = 'parked'" }],
  'jobs.remove_done': [
    { input: { beforeId: 'job_9', endedBefore: later, limit: 10 }, after: "UPDATE jobs SET state = 'done'" },
  ],
  'lineage.keep-day': [
    {
      input: {
        ...{ organization: 'acme', project: 'shop', service: 'api' },
        ...{ day: '2026-01-02', version: '1', manifest: '' },
      },
    },
  ],
  'transfer.insert_rows': [{ input: { table: 'incidents', rows: [rows.incident({ id: 'inc_4' }).values] } }],
  'transfer.mark_rows': [{ input: { table: 'audit_log', mark: { from: 'x', rows: 'y', state: 'copying' }, at } }],
  'transfer.unmark_rows': [{ input: { ...auditOf, id: 'aud_9' } }],
};

/** What may be read whole, and why. The rest may be no part of a scan, whatever index it would go along. */
const mayScan: { query: RegExp; why: string }[] = [
  {
    query: /^select \* from "\w+" order by "\w+"(, "\w+")*( desc)? limit \?$/,
    why: 'the first page of a list, along its key',
  },
  {
    query: /^select "status", "deletion_state", count/,
    why: 'an administrator opened the overview: one row an incident',
  },
  {
    query: /"auth_sessions"|"incident_tokens"/,
    why: 'retention; holds what logged in lately, and links that a person made',
  },
  {
    query: /"id" in \(select "upload_id" from "resumable_parts"\)/,
    why: 'for a timer; there are parts of uploads that are under way, and of those that this takes away',
  },
];

function insert(table: string, values: Record<string, unknown>): void {
  const columns = Object.keys(values);
  const insertion = database.prepare(`INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => '?')})`);
  insertion.run(...Object.values(values).map((value) => value as string | number | null)); // what rows.ts is made of
}

function undone(work: () => Promise<unknown>): Promise<unknown> {
  database.exec('BEGIN');
  return work().finally(() => database.exec('ROLLBACK'));
}

/**
 * `above`, `mine`, `given`, `tree`, `shown` and `found` are names inside of a query for what it has found so far. M is what a full-text
 * index says of MATCH: it reads what matches.
 */
function scansOf(query: string): string[] {
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${query}`).all();
  return plan
    .map((step) => String(step.detail))
    .filter((detail) => /^SCAN (?!CONSTANT ROW|(above|mine|given|tree|shown|found)$)/.test(detail))
    .filter((detail) => !/ VIRTUAL TABLE INDEX 0:M\d/.test(detail));
}

test('every function of the stores is looked at', async () => {
  for (const [name, store] of Object.entries(stores)) {
    const functions = Object.entries<unknown>(store).filter(
      (entry): entry is [string, (db: Db, ...args: unknown[]) => Promise<unknown>] =>
        typeof entry[1] === 'function' && !notQueries.has(entry[0]),
    );
    assert.deepEqual(functions.map(([name]) => name).sort(), Object.keys(reads[name] ?? {}).sort(), name);
    for (const [functionName, call] of functions) {
      for (const given of reads[name]?.[functionName] ?? []) {
        running = `${name}.${functionName}`;
        // The one refusal among them comes after the query.
        await undone(() =>
          call(db, ...given).catch((error: unknown) => assert.match(String(error), /viewer|link|token|capability/i)),
        );
      }
    }
  }
  running = 'retention';
  const day = 86_400_000;
  const ofMode = 'default' as const;
  const retention = {
    ...{ closedIncidentRetentionMs: day, tokenMetadataRetentionMs: day, tombstoneRetentionMs: day },
    ...{ modeRetention: 'off' as const, emergencyRetention: ofMode, interactionRecordRetention: ofMode },
    ...{ safetyCheckRetention: ofMode, evidenceNoteRetention: ofMode },
  };
  await undone(async () => {
    database.exec(`UPDATE incidents SET status = 'closed', closed_at = '${at}' WHERE id = 'inc_2'`);
    const preview = await previewRetention(db, { workerIntervalMs: 0, ...retention }, Date.parse(later));
    assert.equal(preview.incidents.length, 1);
    database.exec(
      `UPDATE incidents SET status = 'closed', closed_at = '${at}', incident_mode = 'emergency' WHERE id = 'inc_1'`,
    );
    const { held } = await previewRetention(db, { workerIntervalMs: 0, ...retention }, Date.parse(later));
    assert.equal(held.length, 1);
  });
  running = 'auditPages';
  for (const filter of [{}, { readableBy: 'acct_1', from: at }])
    await Array.fromAsync(auditReads.auditPages(db, filter, 10));
  running = 'chainPages';
  await Array.fromAsync(auditReads.chainPages(db));
  running = 'searchDocuments';
  const query = parseSearch('rent "of may" -june');
  assert.ok(query);
  for (const [filter, page] of [
    [{ query }, { limit: 10 }],
    [
      { query, topic: 'rent' },
      { limit: 10, after: { tier: 2, updatedAt: at, id: 'doc_1' } },
    ],
  ] as const)
    await searchDocuments({ read: db, dialect: 'sqlite' }, { accountId: 'acct_2', at }, filter, page);
  running = 'checkBlobs';
  const blobs = createMemoryBlobStore({ stagingQuotaBytes: 1, maxBodyBytes: 1 });
  assert.ok((await Array.fromAsync(checkBlobs({ read: db, blobs }, { hash: false }))).length > 0);
});

test('every transaction is looked at', async () => {
  assert.deepEqual(transactions.map(({ name }) => name).sort(), Object.keys(writes).sort());
  for (const { name, body } of transactions) {
    for (const { input, after } of writes[name] ?? []) {
      running = name;
      await undone(async () => {
        if (after !== undefined) database.exec(after);
        await body(trxOver(session), input);
      });
    }
  }
});

test('no query scans a table that grows', () => {
  assert.ok(seen.size > 60, `only ${seen.size} queries were seen`);
  const scans = [...seen].flatMap(([query, by]) => {
    if (mayScan.some((allowed) => allowed.query.test(query))) return [];
    return scansOf(query).map((scan) => `${by}: ${scan}: ${query}`);
  });
  assert.deepEqual(scans, []);
});

test('no listing of chunks sorts', () => {
  for (const [query, by] of seen) {
    if (!/from "chunks".* order by /.test(query)) continue;
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${query}`).all();
    assert.ok(!plan.some((step) => /TEMP B-TREE/.test(String(step.detail))), `${by}: ${query}`);
  }
});

test('what viewers ask for again and again reads no row of a chunk', () => {
  const polled = [...seen].filter(([, by]) => by === 'chunks.unstreamedSummary');
  assert.equal(polled.length, 1);
  for (const [query] of polled) {
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${query}`).all();
    assert.match(String(plan[0]?.detail), /^SEARCH chunks USING COVERING INDEX chunks_unstreamed_latest/);
  }
});

test('no cascade scans: the columns of every foreign key begin an index', () => {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%_%'").all();
  let keys = 0;
  for (const { name: table } of tables) {
    const columns = Map.groupBy(database.prepare(`PRAGMA foreign_key_list(${table})`).all(), ({ id }) => id);
    for (const key of columns.values()) {
      keys += 1;
      const condition = key.map(({ from }) => `${from} = ?`).join(' AND ');
      assert.deepEqual(scansOf(`SELECT 1 FROM ${table} WHERE ${condition}`), [], `${table}: ${condition}`);
    }
  }
  assert.ok(keys >= 10);
});

test('the check finds what it is for', () => {
  assert.deepEqual(scansOf("SELECT * FROM chunks WHERE stored_path = 'a'"), ['SCAN chunks']);
  assert.match(scansOf('SELECT count(*) FROM chunks').join(), /^SCAN chunks USING COVERING INDEX/);
});
