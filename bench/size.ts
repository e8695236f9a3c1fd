/** What an upload, a viewer poll and a listing cost in a large store, against a small one. `node bench/size.ts [rows]` */
import { randomBytes } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../test/support/api.ts';
import { scratchFolder } from '../test/support/server.ts';
import { measureStart } from './start.ts';
import { applyLoad, quantile } from './support/load.ts';
import { median } from './support/process-figures.ts';
import { type Ours, startOurs } from './support/servers.ts';

const work = ['upload', 'viewer poll', 'listing page'] as const;
type Work = (typeof work)[number];

export interface SizeFigures {
  rows: number;
  smallRows: number;
  databaseMiB: number;
  rounds: number;
  /** Milliseconds, medians over the rounds. */
  lines: { work: Work; smallP50: number; smallP99: number; largeP50: number; largeP99: number }[];
  startMs: number;
  nodeMs: number;
}

const chunksPerStream = 1_000;

export async function measureSize(rows: number, smallRows = 10_000, rounds = 5): Promise<SizeFigures> {
  const folder = scratchFolder('bench');
  const large = await prepared(join(folder.path, 'large'), rows);
  const small = await prepared(join(folder.path, 'small'), smallRows);
  const figures = new Map<string, { p50: number[]; p99: number[] }>();
  for (let round = 0; round < rounds; round++) {
    for (const one of work) {
      for (const [name, server] of round % 2 === 0
        ? ([
            ['small', small],
            ['large', large],
          ] as const)
        : ([
            ['large', large],
            ['small', small],
          ] as const)) {
        const latencies = await run(server, one, round);
        const key = `${name} ${one}`;
        const list = figures.get(key) ?? { p50: [], p99: [] };
        list.p50.push(quantile(latencies, 0.5));
        list.p99.push(quantile(latencies, 0.99));
        figures.set(key, list);
      }
    }
  }
  await large.ours.stop();
  await small.ours.stop();
  const databaseMiB = statSync(join(folder.path, 'large', 'proofline.db')).size / 2 ** 20;
  const { readyMs, nodeMs } = await measureStart(join(folder.path, 'large'), 5);
  folder.remove();
  const of = (key: string, q: 'p50' | 'p99') => median(figures.get(key)?.[q] ?? []);
  return {
    rows,
    smallRows,
    databaseMiB,
    rounds,
    startMs: readyMs,
    nodeMs,
    lines: work.map((one) => ({
      work: one,
      smallP50: of(`small ${one}`, 'p50'),
      smallP99: of(`small ${one}`, 'p99'),
      largeP50: of(`large ${one}`, 'p50'),
      largeP99: of(`large ${one}`, 'p99'),
    })),
  };
}

interface Prepared {
  ours: Ours;
  viewer: string;
  /** An incident in the middle of the store. */
  incident: string;
  next: number;
}

async function prepared(dataDir: string, rows: number): Promise<Prepared> {
  const first = await startOurs(dataDir);
  await first.stop();
  fillRows(join(dataDir, 'proofline.db'), rows);
  // The rows have no bytes behind them; the server refuses rows without so much as their folder.
  mkdirSync(join(dataDir, 'blobs', 'incidents'), { recursive: true });
  const ours = await startOurs(dataDir, false);
  const incident = incidentId(Math.floor(rows / chunksPerStream / 2));
  const link = await ours.api.call('POST', `/v1/incidents/${incident}/incident-tokens`, {});
  return { ours, viewer: link.body.token, incident, next: 1 };
}

const incidentId = (n: number) => `inc_00000000000000000${String(n).padStart(9, '0')}`;

/** Rows as years of uploads would have left them: one stream of a thousand chunks an incident, ids in order of time. No blobs. */
function fillRows(path: string, rows: number): void {
  const database = new DatabaseSync(path);
  const streams = Math.ceil(rows / chunksPerStream);
  const number = (sql: string) => `printf('%09d', ${sql})`;
  database.exec(`
    PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;
    BEGIN IMMEDIATE;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${streams})
    INSERT INTO incidents (id, owner_account_id, status, created_at, updated_at)
    SELECT 'inc_00000000000000000' || ${number('i')}, (SELECT id FROM accounts LIMIT 1), 'open', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z' FROM n;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${streams})
    INSERT INTO media_streams (id, incident_id, media_type, status, chunk_count, byte_count, created_at, updated_at)
    SELECT 'str_00000000000000000' || ${number('i')}, 'inc_00000000000000000' || ${number('i')}, 'video', 'open', ${chunksPerStream}, ${chunksPerStream} * 65536, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z' FROM n;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${rows})
    INSERT INTO chunks (id, incident_id, stream_id, chunk_index, media_type, started_at, ended_at, stored_path, byte_size, sha256_hex, created_at)
    SELECT 'chk_00000000000000000' || ${number('i')}, 'inc_00000000000000000' || ${number(`i / ${chunksPerStream}`)}, 'str_00000000000000000' || ${number(`i / ${chunksPerStream}`)},
      i % ${chunksPerStream} + 1, 'video', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:02.000Z',
      'incidents/inc_00000000000000000' || ${number(`i / ${chunksPerStream}`)} || '/streams/x/video_' || ${number('i')} || '.enc', 65536, printf('%064d', i), '2026-01-01T00:00:00.000Z' FROM n;
    UPDATE media_streams SET latest_chunk_id = (SELECT id FROM chunks WHERE stream_id = media_streams.id AND incident_id = media_streams.incident_id AND chunk_index = ${chunksPerStream})
      WHERE id = (SELECT id FROM media_streams LIMIT 1);
    COMMIT;
    PRAGMA wal_checkpoint(TRUNCATE);
  `);
  database.close();
}

const requests = 400;

async function run(prepared: Prepared, one: Work, round: number): Promise<number[]> {
  const { ours, viewer, incident } = prepared;
  const body = randomBytes(65_536);
  const digest = sha256(body).toString('base64');
  const get = (path: string) =>
    Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${ours.api.token}\r\n\r\n`);
  const put = (index: number) =>
    Buffer.from(
      `PUT /v1/incidents/${ours.incident}/streams/${ours.stream}/chunks/${index} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${ours.api.token}\r\n` +
        `Idempotency-Key: ${round}-${index}\r\nRepr-Digest: sha-256=:${digest}:\r\nProofline-Started-At: 2026-01-01T00:00:00Z\r\n` +
        `Proofline-Ended-At: 2026-01-01T00:00:02Z\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
  const request = (): Buffer[] => {
    if (one === 'upload') return [put(prepared.next++), body];
    if (one === 'viewer poll') return [get(`/i/${viewer}/data`)];
    return [get(`/v1/incidents/${incident}/chunks?limit=100`)];
  };
  const { latencies } = await applyLoad({
    port: ours.port,
    connections: 4,
    requests,
    request,
    expectedStatus: one === 'upload' ? 201 : 200,
  });
  return latencies;
}

if (import.meta.main)
  process.stdout.write(`${JSON.stringify(await measureSize(Number(process.argv[2] ?? 10_000_000)), null, 2)}\n`);
