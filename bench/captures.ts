/** What the resolution of an hour costs in a large store, on each database. `node bench/captures.ts [rows] [folder]`; a folder keeps the store of SQLite. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { insertGroup } from '../test/captures/support/group-rows.ts';
import { longGroup } from '../test/captures/support/long-group.ts';
import { scratchFolder } from '../test/support/server.ts';
import { startPostgres } from '../test/support/services/postgres.ts';
import type { Query } from '../test/support/stored-rows.ts';
import { prepared as preparedOnPostgres } from './cluster/size.ts';
import { prepared } from './size.ts';
import { quantile } from './support/load.ts';
import { cpuMilliseconds } from './support/process-figures.ts';
import type { Ours } from './support/servers.ts';

export interface CaptureLine {
  database: 'SQLite' | 'PostgreSQL';
  rows: number;
  chunks: number;
  /** Milliseconds over HTTP, one request after the other. */
  p50: number;
  p99: number;
  /** Milliseconds of processor of the server, a request. */
  cpu: number;
}

const requests = 50;
/** Other groups of the store: one of a thousand chunks each. */
const groupsBeside = 1_000;

export async function measureCaptures(rows: number, keptIn?: string): Promise<CaptureLine[]> {
  return [await measureOnSqlite(rows, keptIn), await measureOnPostgres(rows)];
}

export async function measureOnSqlite(rows: number, keptIn?: string): Promise<CaptureLine> {
  const folder = keptIn === undefined ? scratchFolder('bench') : { path: keptIn, remove: () => undefined };
  const dataDir = join(folder.path, 'large');
  const { ours } = await prepared(dataDir, rows);
  const database = new DatabaseSync(join(dataDir, 'proofline.db'), { timeout: 60_000 });
  const query: Query = async (statement, ...values) => database.prepare(statement).all(...(values as SQLInputValue[]));
  const figures = await measure(ours, query, 'chunks.ended_at');
  database.close();
  folder.remove();
  return { database: 'SQLite', rows, ...figures };
}

export async function measureOnPostgres(rows: number): Promise<CaptureLine> {
  const folder = scratchFolder('bench');
  const large = { wal_level: 'minimal', max_wal_senders: '0', shared_buffers: '1GB', max_wal_size: '4GB' };
  const postgres = await startPostgres(large);
  try {
    const { database, ours } = await preparedOnPostgres(postgres, join(folder.path, 'large'), rows);
    const client = new pg.Client(postgres.url(database));
    await client.connect();
    const query: Query = async (statement, ...values) => {
      let n = 0;
      return (
        await client.query(
          statement.replace(/\?/g, () => `$${++n}`),
          values,
        )
      ).rows;
    };
    const figures = await measure(ours, query, "chunks.started_at + INTERVAL '2 seconds'");
    await client.end();
    return { database: 'PostgreSQL', rows, ...figures };
  } finally {
    await postgres.stop();
    folder.remove();
  }
}

async function measure(ours: Ours, query: Query, end: string): Promise<Omit<CaptureLine, 'database' | 'rows'>> {
  if ((await query('SELECT id FROM capture_groups LIMIT 1')).length === 0) await makeGroupsBeside(query, end);
  const name = randomBytes(4).toString('hex');
  const chunks = longGroup(name, 1);
  const groupId = `cgr_${name}`;
  await query('BEGIN');
  await insertGroup(query, { incidentId: ours.incident, groupId }, chunks);
  await query('COMMIT');
  await query('ANALYZE');
  // Filling held this process up: it has yet to see which of its connections the server has closed.
  await sleep(100);
  const ask = async () => {
    const answer = await ours.api.call('GET', `/v1/incidents/${ours.incident}/capture-groups/${groupId}/resolution`);
    if (answer.status !== 200 || answer.body.segments.length === 0) throw new Error(`answered ${answer.status}`);
  };
  for (let n = 0; n < 5; n++) await ask();
  const before = cpuMilliseconds(ours.pid);
  const latencies: number[] = [];
  for (let n = 0; n < requests; n++) {
    const began = performance.now();
    await ask();
    latencies.push(performance.now() - began);
  }
  const cpu = (cpuMilliseconds(ours.pid) - before) / requests;
  latencies.sort((a, b) => a - b);
  await ours.stop();
  return { chunks: chunks.length, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), cpu };
}

/** The first streams of the store become variants of groups of their own. */
async function makeGroupsBeside(query: Query, end: string): Promise<void> {
  await query('BEGIN');
  await query(
    `INSERT INTO capture_groups (id, incident_id, capture_source_id, created_at)
     SELECT 'cgr_' || substr(id, 5), incident_id, 'source', created_at FROM media_streams ORDER BY id LIMIT ${groupsBeside}`,
  );
  await query(
    `UPDATE media_streams SET capture_group_id = 'cgr_' || substr(id, 5), variant_role = 'live_preview',
       quality_profile = 'full_quality', upload_priority = 'near_live'
     WHERE EXISTS (SELECT 1 FROM capture_groups WHERE capture_groups.id = 'cgr_' || substr(media_streams.id, 5))`,
  );
  const from = `FROM chunks JOIN media_streams ON media_streams.id = chunks.stream_id AND media_streams.incident_id = chunks.incident_id
    WHERE media_streams.capture_group_id IS NOT NULL`;
  await query(
    `INSERT INTO source_segments (capture_group_id, source_segment_id, source_sequence, source_started_at, source_ended_at)
     SELECT capture_group_id, 'part-' || chunk_index, chunk_index, started_at, ${end} ${from}`,
  );
  await query(
    `INSERT INTO chunk_sources (chunk_id, capture_group_id, source_segment_id, stream_id)
     SELECT chunks.id, capture_group_id, 'part-' || chunk_index, stream_id ${from}`,
  );
  await query('COMMIT');
}

/** For docs/performance.md. */
export function capturesSection(lines: readonly CaptureLine[]): string {
  const [first] = lines;
  if (first === undefined) return '';
  return [
    `A group of ${first.chunks.toLocaleString('en')} chunks in four variants, over HTTP, in a store of ${first.rows.toLocaleString('en')} chunks and ${groupsBeside.toLocaleString('en')} other groups. Bar: 100 ms.\n`,
    '| database | p50 ms | p99 ms | CPU ms |\n|---|---|---|---|',
    ...lines.map(
      ({ cpu, database, p50, p99 }) =>
        `| ${database} | **${p50.toFixed(0)}** | ${p99.toFixed(0)} | ${cpu.toFixed(0)} |`,
    ),
  ].join('\n');
}

if (import.meta.main) {
  const [rows = '10000000', folder] = process.argv.slice(2);
  process.stdout.write(`${capturesSection(await measureCaptures(Number(rows), folder))}\n`);
}
