/** What an upload, a viewer poll and a listing cost in a large store, against a small one. `node bench/size.ts [rows] [folder]`; a folder keeps the stores. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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

/** Milliseconds, medians over the rounds. */
export interface SizeLine {
  work: Work;
  smallP50: number;
  smallP99: number;
  largeP50: number;
  largeP99: number;
}

export interface SizeFigures {
  rows: number;
  smallRows: number;
  databaseMiB: number;
  rounds: number;
  lines: SizeLine[];
  startMs: number;
  nodeMs: number;
}

const chunksPerStream = 1_000;

export async function measureSize(rows: number, keptIn?: string, smallRows = 10_000, rounds = 5): Promise<SizeFigures> {
  const folder = keptIn === undefined ? scratchFolder('bench') : { path: keptIn, remove: () => undefined };
  const large = await prepared(join(folder.path, 'large'), rows);
  const small = await prepared(join(folder.path, 'small'), smallRows);
  const lines = await compareSizes(small, large, rounds);
  await large.ours.stop();
  await small.ours.stop();
  const databaseMiB = statSync(join(folder.path, 'large', 'proofline.db')).size / 2 ** 20;
  const { readyMs, nodeMs } = await measureStart(join(folder.path, 'large'), 5);
  folder.remove();
  return {
    rows,
    smallRows,
    databaseMiB,
    rounds,
    startMs: readyMs,
    nodeMs,
    lines,
  };
}

export async function compareSizes(small: Prepared, large: Prepared, rounds: number): Promise<SizeLine[]> {
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
  const of = (key: string, q: 'p50' | 'p99') => median(figures.get(key)?.[q] ?? []);
  return work.map((one) => ({
    work: one,
    smallP50: of(`small ${one}`, 'p50'),
    smallP99: of(`small ${one}`, 'p99'),
    largeP50: of(`large ${one}`, 'p50'),
    largeP99: of(`large ${one}`, 'p99'),
  }));
}

export interface Prepared {
  ours: Ours;
  /** Spread over the store, so that it is not one corner of it that is measured. */
  places: { viewer: string; incident: string }[];
  next: number;
}

export async function prepared(dataDir: string, rows: number): Promise<Prepared> {
  const placesFile = join(dataDir, 'bench-places.json');
  if (!existsSync(placesFile)) {
    const first = await startOurs(dataDir);
    await first.stop();
    const places = fillRows(join(dataDir, 'proofline.db'), rows);
    // The rows have no bytes behind them; the server refuses rows without so much as their folder.
    mkdirSync(join(dataDir, 'blobs', 'incidents'), { recursive: true });
    writeFileSync(placesFile, JSON.stringify(places));
  }
  const places: Prepared['places'] = JSON.parse(readFileSync(placesFile, 'utf8'));
  return { ours: await startOurs(dataDir, false), places, next: 1 };
}

const placesAtMost = 200;
const id = (prefix: string, n: string) => `'${prefix}_00000000000000000' || printf('%09d', ${n})`;

/**
 * Rows as years of uploads would have left them: one stream of a thousand chunks an incident, ids in order of time, each chunk with
 * the operation of its key. No blobs. Ten million take a few minutes: nothing is flushed, since a crash here only loses the bench.
 */
function fillRows(path: string, rows: number): Prepared['places'] {
  const database = new DatabaseSync(path);
  const streams = Math.ceil(rows / chunksPerStream);
  const stream = `i / ${chunksPerStream}`;
  const [at, end] = ["'2026-01-01T00:00:00.000Z'", "'2026-01-01T00:00:02.000Z'"];
  const numbers = (count: number) =>
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`;
  database.exec(`
    PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000; PRAGMA foreign_keys = OFF;
    BEGIN IMMEDIATE;
    ${numbers(streams)}
    INSERT INTO incidents (id, owner_account_id, status, created_at, updated_at)
    SELECT ${id('inc', 'i')}, (SELECT id FROM accounts LIMIT 1), 'open', ${at}, ${at} FROM n;
    ${numbers(streams)}
    INSERT INTO media_streams (id, incident_id, media_type, status, chunk_count, byte_count, latest_chunk_id, created_at, updated_at)
    SELECT ${id('str', 'i')}, ${id('inc', 'i')}, 'video', 'open', ${chunksPerStream}, ${chunksPerStream} * 65536,
      ${id('chk', `i * ${chunksPerStream} + ${chunksPerStream - 1}`)}, ${at}, ${at} FROM n;
    ${numbers(rows)}
    INSERT INTO chunks (id, incident_id, stream_id, chunk_index, media_type, started_at, ended_at, stored_path, byte_size, sha256_hex, created_at)
    SELECT ${id('chk', 'i')}, ${id('inc', stream)}, ${id('str', stream)}, i % ${chunksPerStream} + 1, 'video', ${at}, ${end},
      'incidents/' || ${id('inc', stream)} || '/streams/' || ${id('str', stream)} || '/video_' || printf('%06d', i % ${chunksPerStream} + 1) || '.enc',
      65536, printf('%064d', i), ${at} FROM n;
    ${numbers(rows)}
    INSERT INTO upload_operations (id, operation_type, idempotency_key_hash, state, incident_id, chunk_id, fingerprint, created_at)
    SELECT ${id('upo', 'i')}, 'complete_chunk', lower(hex(randomblob(32))), 'completed', ${id('inc', stream)}, ${id('chk', 'i')},
      printf('%064d', i), ${at} FROM n;
    COMMIT;
  `);
  const insert = database.prepare(
    `INSERT INTO incident_tokens (id, incident_id, token_hash, created_at) VALUES (?, ?, ?, ${at})`,
  );
  const places = Array.from({ length: Math.min(placesAtMost, streams) }, (_, n) => {
    const number = String(Math.floor((n * streams) / Math.min(placesAtMost, streams))).padStart(9, '0');
    const place = { viewer: randomBytes(32).toString('base64url'), incident: `inc_00000000000000000${number}` };
    insert.run(`itk_${number}`, place.incident, sha256(Buffer.from(place.viewer)).toString('hex'));
    return place;
  });
  // The server finds the file as it would have left it.
  database.exec('PRAGMA journal_mode = WAL');
  database.close();
  return places;
}

const requests: Record<Work, number> = { upload: 800, 'viewer poll': 2_000, 'listing page': 800 };

async function run(prepared: Prepared, one: Work, round: number): Promise<number[]> {
  const { ours, places } = prepared;
  const body = randomBytes(65_536);
  const digest = sha256(body).toString('base64');
  const get = (path: string) =>
    Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${ours.api.token}\r\n\r\n`);
  const put = (index: number) =>
    Buffer.from(
      `PUT /v1/incidents/${ours.incident}/streams/${ours.stream}/chunks/${index} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${ours.api.token}\r\n` +
        `Idempotency-Key: ${ours.stream}-${round}-${index}\r\nRepr-Digest: sha-256=:${digest}:\r\nProofline-Started-At: 2026-01-01T00:00:00Z\r\n` +
        `Proofline-Ended-At: 2026-01-01T00:00:02Z\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
  const request = (n: number): Buffer[] => {
    if (one === 'upload') return [put(prepared.next++), body];
    const { viewer = '', incident = '' } = places[(n * 7) % places.length] ?? {};
    if (one === 'viewer poll') return [get(`/i/${viewer}/data`)];
    return [get(`/v1/incidents/${incident}/chunks?limit=100`)];
  };
  const { latencies } = await applyLoad({
    port: ours.port,
    connections: 4,
    requests: requests[one],
    request,
    expectedStatus: one === 'upload' ? 201 : 200,
  });
  return latencies;
}

if (import.meta.main) {
  const [rows = '10000000', folder] = process.argv.slice(2);
  process.stdout.write(`${JSON.stringify(await measureSize(Number(rows), folder), null, 2)}\n`);
}
