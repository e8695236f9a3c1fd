/** What an upload, a viewer poll and a listing cost on a large PostgreSQL, against a small one. `node bench/cluster/size.ts [rows] [rounds]` */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createAccount, scratchFolder } from '../../test/support/server.ts';
import { startPostgres, type TestPostgres } from '../../test/support/services/postgres.ts';
import { compareSizes, type Prepared, type SizeLine } from '../size.ts';
import { startOurs } from '../support/servers.ts';
import { fillPostgres } from './fill-postgres.ts';

export interface ClusterSizeFigures {
  rows: number;
  smallRows: number;
  fillSeconds: number;
  lines: SizeLine[];
  /** Bytes a chunk, largest first. */
  relations: { name: string; bytesPerChunk: number }[];
}

/** Blobs on the disk: rows are what grows. Both stores are databases of one server. */
export async function measureClusterSize(rows: number, rounds = 5, smallRows = 10_000): Promise<ClusterSizeFigures> {
  const folder = scratchFolder('bench');
  // Minimal, so that filling writes no WAL; for uploads it makes no difference but what replicas would need.
  const postgres = await startPostgres({
    wal_level: 'minimal',
    max_wal_senders: '0',
    shared_buffers: '1GB',
    max_wal_size: '4GB',
  });
  try {
    const small = await prepared(postgres, join(folder.path, 'small'), smallRows);
    const large = await prepared(postgres, join(folder.path, 'large'), rows);
    await postgres.sql('postgres', 'CHECKPOINT');
    const lines = await compareSizes(small, large, rounds);
    await small.ours.stop();
    await large.ours.stop();
    const relations = await postgres.sql(
      large.database,
      `SELECT relname AS name, pg_relation_size(oid)::float8 / ${rows} AS bytes FROM pg_class
       WHERE (relname LIKE 'chunks%' OR relname LIKE 'upload_operations%') AND pg_relation_size(oid) > ${rows} ORDER BY 2 DESC`,
    );
    return {
      rows,
      smallRows,
      fillSeconds: large.fillSeconds,
      lines,
      relations: relations.map(({ bytes, name }) => ({ name: String(name), bytesPerChunk: Number(bytes) })),
    };
  } finally {
    await postgres.stop();
    folder.remove();
  }
}

export async function prepared(
  postgres: TestPostgres,
  dataDir: string,
  rows: number,
): Promise<Prepared & { database: string; fillSeconds: number }> {
  const url = await postgres.createDatabase();
  const database = new URL(url).pathname.slice(1);
  const env = { SAFE_METADATA_BACKEND: 'postgresql', SAFE_POSTGRES_DSN: url };
  // The rows have no bytes behind them; the server refuses rows without so much as their folder.
  mkdirSync(join(dataDir, 'blobs', 'incidents'), { recursive: true });
  await createAccount(dataDir, 'bench', 'admin', env);
  const began = performance.now();
  const places = await fillPostgres(url, rows);
  await postgres.sql(database, 'VACUUM ANALYZE');
  return {
    ours: await startOurs(dataDir, false, env),
    places,
    next: 1,
    database,
    fillSeconds: (performance.now() - began) / 1000,
  };
}

/** For docs/performance.md. */
export function clusterSizeSection({ fillSeconds, lines, relations, rows, smallRows }: ClusterSizeFigures): string {
  return [
    `${rows.toLocaleString('en')} chunk rows against ${smallRows.toLocaleString('en')}, four clients, blobs on the disk. Rows of 32 streams lie between one another, as they come. Bar: 1.3. Filling took ${fillSeconds.toFixed(0)} s.\n`,
    '| work | p50 small | p50 large | ratio | p99 small | p99 large | ratio |\n|---|---|---|---|---|---|---|',
    ...lines.map(
      ({ largeP50, largeP99, smallP50, smallP99, work }) =>
        `| ${work} | ${smallP50.toFixed(2)} | ${largeP50.toFixed(2)} | **${(largeP50 / smallP50).toFixed(2)}** | ${smallP99.toFixed(2)} | ${largeP99.toFixed(2)} | **${(largeP99 / smallP99).toFixed(2)}** |`,
    ),
    '\nBytes a chunk:\n',
    `| ${relations.map(({ name }) => name).join(' | ')} | together |`,
    `|${relations.map(() => '---|').join('')}---|`,
    `| ${relations.map(({ bytesPerChunk }) => bytesPerChunk.toFixed(0)).join(' | ')} | ${relations.reduce((sum, { bytesPerChunk }) => sum + bytesPerChunk, 0).toFixed(0)} |`,
  ].join('\n');
}

if (import.meta.main) {
  const [rows = '10000000', rounds = '5'] = process.argv.slice(2);
  process.stdout.write(`${clusterSizeSection(await measureClusterSize(Number(rows), Number(rounds)))}\n`);
}
