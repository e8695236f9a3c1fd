/** Chunk rows in PostgreSQL by the million, as months of uploads would have left them, in the fastest way that PostgreSQL has. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { sha256 } from '../../test/support/api.ts';

export interface Place {
  viewer: string;
  incident: string;
}

export const chunksPerStream = 1_000;
/** Streams that were recorded at the same time: the rows of one lie that far apart in the table. */
const atOnce = 32;
const placesAtMost = 200;
const at = "TIMESTAMPTZ '2026-01-01T00:00:00Z'";
const id = (prefix: string, n: string) => `'${prefix}_00000000000000000' || lpad((${n})::text, 9, '0')`;

/**
 * One incident and stream a thousand chunks, one idempotency key a chunk, no blobs. The database is a migrated one with an account.
 * Indexes are built at the end, and constraints put back without looking at the rows: they are true by construction. With
 * `wal_level=minimal` nothing of it goes through the WAL.
 */
export async function fillPostgres(url: string, rows: number): Promise<Place[]> {
  const client = new pg.Client(url);
  await client.connect();
  const group = atOnce * chunksPerStream;
  const stream = `(i / ${group}) * ${atOnce} + i % ${atOnce}`;
  const index = `(i / ${atOnce}) % ${chunksPerStream} + 1`;
  const streams = Math.ceil(rows / group) * atOnce;
  try {
    const { takeAway, putBack } = await dressing(client);
    await client.query(`
      SET session_replication_role = replica; SET maintenance_work_mem = '1GB';
      BEGIN;
      TRUNCATE chunks, upload_operations, chunk_sources;
      ${takeAway}
      INSERT INTO incidents (id, owner_account_id, status, created_at, updated_at)
      SELECT ${id('inc', 'i')}, (SELECT id FROM accounts LIMIT 1), 'open', ${at}, ${at} FROM generate_series(0, ${streams - 1}) i;
      INSERT INTO media_streams (id, incident_id, media_type, status, chunk_count, byte_count, latest_chunk_id, created_at, updated_at)
      SELECT ${id('str', 'i')}, ${id('inc', 'i')}, 'video', 'open', ${chunksPerStream}, ${chunksPerStream} * 65536,
        ${id('chk', `(i / ${atOnce}) * ${group} + ${group - atOnce} + i % ${atOnce}`)}, ${at}, ${at} FROM generate_series(0, ${streams - 1}) i;
      INSERT INTO chunks (id, incident_id, stream_id, chunk_index, media_type, started_at, ended_at, stored_path, byte_size, sha256_hex, created_at)
      SELECT ${id('chk', 'i')}, ${id('inc', stream)}, ${id('str', stream)}, ${index}, 'video', ${at}, ${at},
        'incidents/' || ${id('inc', stream)} || '/streams/' || ${id('str', stream)} || '/video_' || lpad((${index})::text, 6, '0') || '.enc',
        65536, lpad(i::text, 64, '0'), ${at} FROM generate_series(0, ${rows - 1}) i;
      INSERT INTO upload_operations (id, operation_type, idempotency_key_hash, state, incident_id, chunk_id, fingerprint, created_at)
      SELECT ${id('upo', 'i')}, 'complete_chunk', encode(sha256(i::text::bytea), 'hex'), 'completed', ${id('inc', stream)}, ${id('chk', 'i')},
        lpad(i::text, 64, '0'), ${at} FROM generate_series(0, ${rows - 1}) i;
      ${putBack}
      COMMIT`);
    const count = Math.min(placesAtMost, streams);
    const places: Place[] = [];
    for (let n = 0; n < count; n++) {
      const number = String(Math.floor((n * Math.ceil(rows / chunksPerStream)) / count)).padStart(9, '0');
      const viewer = randomBytes(32).toString('base64url');
      const incident = `inc_00000000000000000${number}`;
      await client.query(
        `INSERT INTO incident_tokens (id, incident_id, token_hash, created_at) VALUES ($1, $2, $3, ${at})`,
        [`itk_${String(n).padStart(9, '0')}`, incident, sha256(Buffer.from(viewer)).toString('hex')],
      );
      places.push({ viewer, incident });
    }
    return places;
  } finally {
    await client.end();
  }
}

/** Statements that take the constraints and indexes of the two large tables away, and that put them back. */
async function dressing(client: pg.Client): Promise<{ takeAway: string; putBack: string }> {
  const large = "('chunks'::regclass, 'upload_operations'::regclass)";
  const constraints = await client.query<{ owner: string; name: string; kind: string; definition: string }>(
    `SELECT conrelid::regclass::text AS owner, conname AS name, contype AS kind, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE conrelid IN ${large} OR confrelid IN ${large} ORDER BY contype = 'f'`,
  );
  const indexes = await client.query<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
     WHERE indrelid IN ${large} AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)`,
  );
  const unseen = (kind: string) => (kind === 'f' || kind === 'c' ? ' NOT VALID' : '');
  return {
    takeAway: [
      ...constraints.rows.toReversed().map(({ owner, name }) => `ALTER TABLE ${owner} DROP CONSTRAINT ${name};`),
      ...indexes.rows.map(({ name }) => `DROP INDEX ${name};`),
    ].join('\n'),
    putBack: [
      ...constraints.rows.map(
        ({ owner, name, kind, definition }) =>
          `ALTER TABLE ${owner} ADD CONSTRAINT ${name} ${definition}${unseen(kind)};`,
      ),
      ...indexes.rows.map(({ definition }) => `${definition};`),
    ].join('\n'),
  };
}
