/**
 * How long the steps of a large deletion hold their locks, on a PostgreSQL that has other rows too. `node bench/cluster/deletion.ts DSN [chunks] [seconds] [incident]`:
 * each phase runs for so many seconds, with blobs that are gone already, and the rest of it is skipped by SQL.
 */
import pg from 'pg';
import { transactions } from '#compose/transactions.ts';
import { requestDeletion, runDeletions } from '#features/incidents/index.ts';
import { createMemoryBlobStore } from '#platform/blobs/memory/memory-blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { openPostgres } from '#platform/metadata/postgres/open.ts';
import { createLog } from '#platform/process/log.ts';
import { quantile } from '../support/load.ts';

const [dsn = '', chunks = '1000000', seconds = '20', filled] = process.argv.slice(2);
const phases = ['deletion.list_items', 'deletion.items_removed', 'deletion.remove_rows'] as const;
const incident = filled ?? `inc_delete${Date.now()}`;
const at = "TIMESTAMPTZ '2026-01-01T00:00:00Z'";

const client = new pg.Client(dsn);
await client.connect();
if (filled === undefined)
  await client.query(`
  SET session_replication_role = replica;
  INSERT INTO incidents (id, owner_account_id, status, created_at, updated_at)
  SELECT '${incident}', id, 'open', ${at}, ${at} FROM accounts LIMIT 1;
  UPDATE accounts SET bytes_used = bytes_used + ${chunks}::bigint * 65536;
  INSERT INTO media_streams (id, incident_id, media_type, status, chunk_count, created_at, updated_at)
  VALUES ('str_${incident}', '${incident}', 'video', 'open', ${chunks}, ${at}, ${at});
  INSERT INTO chunks (id, incident_id, stream_id, chunk_index, media_type, started_at, ended_at, stored_path, byte_size, sha256_hex, created_at)
  SELECT 'chk_${incident}' || lpad(i::text, 9, '0'), '${incident}', 'str_${incident}', i, 'video', ${at}, ${at},
    'incidents/${incident}/streams/str_${incident}/video_' || lpad(i::text, 6, '0') || '.enc', 65536, lpad(i::text, 64, '0'), ${at}
  FROM generate_series(1, ${chunks}) i;
  INSERT INTO upload_operations (id, operation_type, idempotency_key_hash, state, incident_id, chunk_id, fingerprint, created_at)
  SELECT 'upo_${incident}' || i, 'complete_chunk', encode(sha256(('${incident}' || i)::bytea), 'hex'), 'completed', '${incident}',
    'chk_${incident}' || lpad(i::text, 9, '0'), lpad(i::text, 64, '0'), ${at} FROM generate_series(1, ${chunks}) i`);

const inner = await openPostgres({
  dsn,
  migrateDsn: undefined,
  transactions,
  maxOpen: 5,
  maxIdle: 5,
  maxLifetimeMs: 0,
});
let took = new Map<string, number[]>();
const metadata = new Proxy(inner, {
  get(target, name) {
    if (name !== 'write') {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    }
    const write: Metadata['write'] = async (transaction, input) => {
      const began = performance.now();
      const output = await target.write(transaction, input);
      took.set(transaction.name, [...(took.get(transaction.name) ?? []), performance.now() - began]);
      return output;
    };
    return write;
  },
});
const decision = await requestDeletion(
  { metadata },
  { incidentId: incident, source: 'admin_request', reasonCode: undefined, allowOpen: true, by: { actor: 'server' } },
);
const log = createLog('silent');
for (const phase of phases) {
  took = new Map();
  const began = performance.now();
  await runDeletions(
    { metadata, blobs: createMemoryBlobStore({ stagingQuotaBytes: 1, maxBodyBytes: 1 }), log },
    AbortSignal.timeout(Number(seconds) * 1000),
  );
  const steps = took.get(phase) ?? [];
  const [first, last] = [steps.slice(0, 50), steps.slice(-50)].map((some) =>
    quantile(
      some.sort((a, b) => a - b),
      0.5,
    ),
  );
  const sorted = steps.toSorted((a, b) => a - b);
  process.stdout.write(
    `${phase}: ${steps.length} steps in ${((performance.now() - began) / 1000).toFixed(0)} s; ms p50 ${quantile(sorted, 0.5).toFixed(1)} p99 ${quantile(sorted, 0.99).toFixed(1)} longest ${sorted.at(-1)?.toFixed(1)}; first 50 ${first?.toFixed(1)} last 50 ${last?.toFixed(1)}\n`,
  );
  if (phase === 'deletion.list_items')
    await client.query(
      `INSERT INTO incident_deletion_items (id, decision_id, stored_path, byte_size, state, updated_at)
       SELECT replace(id, 'chk_', 'dit_'), $1, stored_path, byte_size, 'pending', ${at} FROM chunks WHERE incident_id = '${incident}' ON CONFLICT DO NOTHING`,
      [decision.id],
    );
  if (phase === 'deletion.items_removed')
    await client.query(`UPDATE incident_deletion_items SET state = 'removed' WHERE decision_id = $1`, [decision.id]);
}
await metadata.close();
await client.end();
