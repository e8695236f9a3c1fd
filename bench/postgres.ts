/**
 * Chunks recorded a second on PostgreSQL, each durable before it is answered: our transaction, whose statements travel in two bursts,
 * against the same statements sent one by one with the same driver, on the same server and in the same run. Once beside the server
 * and once at a distance of a millisecond each way. `node bench/postgres.ts`.
 */
import pg from 'pg';
import { transactions } from '#compose/transactions.ts';
import { openPostgres } from '#platform/metadata/postgres/open.ts';
import { anAccount, anIncident, aRecord, aStream, record } from '../test/postgres/support.ts';
import { startPostgres } from '../test/support/services/postgres.ts';
import { startProxy } from '../test/support/services/tcp-proxy.ts';

const rounds = 5;
const writers = 64;
const chunksPerWriter = 15;
const connections = 20;

interface Figures {
  perSecond: number;
  p50: number;
  p99: number;
}

interface Lane {
  incidentId: string;
  streamId: string;
}

let index = 0;
let keys = 0;
const server = await startPostgres();
try {
  const dsn = await server.createDatabase();
  const near = await openPostgres({ dsn, transactions, maxOpen: connections, maxIdle: connections, maxLifetimeMs: 0 });
  const lanes: Lane[] = [];
  for (let n = 0; n < writers; n++) {
    const incidentId = await anIncident(near, await anAccount(near, `writer${n}`));
    lanes.push({ incidentId, streamId: await aStream(near, incidentId) });
  }
  await near.close();
  await compare('beside the server', dsn, lanes);
  const proxy = await startProxy(server.port, 1);
  const far = new URL(dsn);
  far.port = String(proxy.port);
  await compare('a millisecond away', far.href, lanes);
  await proxy.close();
} finally {
  await server.stop();
}

async function compare(title: string, dsn: string, lanes: Lane[]): Promise<void> {
  const metadata = await openPostgres({
    dsn,
    transactions,
    maxOpen: connections,
    maxIdle: connections,
    maxLifetimeMs: 0,
  });
  const pool = new pg.Pool({ connectionString: dsn, max: connections });
  const sides: Record<string, (lane: Lane, index: number) => Promise<unknown>> = {
    'one by one': (lane, at) => oneByOne(pool, lane, at),
    'in two bursts (ours)': (lane, at) => record(metadata, { ...lane, index: at, key: nextKey() }),
  };
  const figures: Record<string, Figures[]> = Object.fromEntries(Object.keys(sides).map((side) => [side, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [side, write] of Object.entries(sides)) {
      const one = await measure(lanes, write);
      // The first round prepares statements and fills caches.
      if (round > 0) figures[side]?.push(one);
    }
  }
  print(`\n${title}: medians of ${rounds} alternating rounds, ${writers} at once over ${connections} connections`);
  print('| side | chunks/s | p50 ms | p99 ms |\n|---|---|---|---|');
  for (const [side, list] of Object.entries(figures)) {
    const of = (name: keyof Figures) => median(list.map((one) => one[name]));
    print(`| ${side} | ${of('perSecond').toFixed(0)} | ${of('p50').toFixed(1)} | ${of('p99').toFixed(1)} |`);
  }
  await Promise.all([metadata.close(), pool.end()]);
}

function nextKey(): string {
  keys += 1;
  return keys.toString(16).padStart(64, '0');
}

async function measure(lanes: Lane[], write: (lane: Lane, index: number) => Promise<unknown>): Promise<Figures> {
  const base = index;
  index += chunksPerWriter;
  const times: number[] = [];
  const since = performance.now();
  await Promise.all(
    lanes.map(async (lane) => {
      for (let n = 1; n <= chunksPerWriter; n++) {
        const before = performance.now();
        await write(lane, base + n);
        times.push(performance.now() - before);
      }
    }),
  );
  const seconds = (performance.now() - since) / 1000;
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(times.length * part)] ?? Number.NaN;
  return { perSecond: times.length / seconds, p50: at(0.5), p99: at(0.99) };
}

/** What the transaction does, with each statement awaited. */
async function oneByOne(pool: pg.Pool, { incidentId, streamId }: Lane, at: number): Promise<void> {
  const { chunk } = aRecord({ incidentId, streamId, index: at });
  const client = await pool.connect();
  const run = (name: string, text: string, values: unknown[]) => client.query({ name, text, values });
  const key = nextKey();
  try {
    await client.query('BEGIN');
    await run('incident', 'SELECT status, deletion_state FROM incidents WHERE id = $1 FOR SHARE', [incidentId]);
    await run('stream', 'SELECT media_type, status FROM media_streams WHERE id = $1 FOR NO KEY UPDATE', [streamId]);
    const owner = await run(
      'owner',
      'SELECT id, bytes_used, bytes_limit FROM accounts WHERE id = (SELECT owner_account_id FROM incidents WHERE id = $1) FOR NO KEY UPDATE',
      [incidentId],
    );
    await run('key', 'SELECT fingerprint, chunk_id FROM upload_operations WHERE idempotency_key_hash = $1', [key]);
    await run('identity', 'SELECT * FROM chunks WHERE incident_id = $1 AND stream_id = $2 AND chunk_index = $3', [
      incidentId,
      streamId,
      at,
    ]);
    await run('charge', 'UPDATE accounts SET bytes_used = bytes_used + $1 WHERE id = $2', [
      chunk.byte_size,
      owner.rows[0]?.id,
    ]);
    await run(
      'count',
      'UPDATE media_streams SET chunk_count = chunk_count + 1, byte_count = byte_count + $1, latest_chunk_id = $2 WHERE id = $3',
      [chunk.byte_size, chunk.id, streamId],
    );
    await run(
      'chunk',
      'INSERT INTO chunks (id, incident_id, stream_id, chunk_index, media_type, started_at, ended_at, original_filename, stored_path, byte_size, sha256_hex, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
      [
        chunk.id,
        incidentId,
        streamId,
        at,
        chunk.media_type,
        chunk.started_at,
        chunk.ended_at,
        chunk.original_filename,
        chunk.stored_path,
        chunk.byte_size,
        chunk.sha256_hex,
        chunk.created_at,
      ],
    );
    await run(
      'operation',
      "INSERT INTO upload_operations (id, operation_type, idempotency_key_hash, state, incident_id, chunk_id, fingerprint, created_at) VALUES ($1, 'complete_chunk', $2, 'completed', $3, $4, $5, $6)",
      [`upo_${key.slice(-26)}`, key, incidentId, chunk.id, chunk.sha256_hex, chunk.created_at],
    );
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
