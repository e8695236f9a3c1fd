/** The same rows in SQLite and in PostgreSQL, asked for over HTTP: the same answer, byte for byte. A seed again: PROOFLINE_MODEL_SEED. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { resolutionText } from '#features/incidents/index.ts';
import type { ConfirmedChunk } from '#kit/evidence/evidence.ts';
import { resolveEvidence } from '#kit/evidence/resolve-evidence.ts';
import { parametersOf } from '../model/runs.ts';
import { type Api, openIncident, signIn } from '../support/api.ts';
import { lacks } from '../support/needs.ts';
import { createAccount, scratchFolder, startServer } from '../support/server.ts';
import { startPostgres } from '../support/services/postgres.ts';
import type { Query } from '../support/stored-rows.ts';
import { groups } from './evidence-model.ts';
import { insertGroup } from './support/group-rows.ts';
import { longGroup } from './support/long-group.ts';

interface Side {
  api: Api;
  incidentId: string;
  query: Query;
}

test('the same random rows are resolved to the same bytes on both databases', async (t) => {
  if (lacks(t, 'postgres')) return;
  const sides = [await onSqlite(t), await onPostgres(t)];
  const { seed, numRuns } = parametersOf(t, { runs: 40 });
  const samples = fc.sample(groups, { seed, numRuns }).map(storable);
  let chunks = 0;
  for (const [n, rows] of [...samples, named(longGroup('hour', 1), 'hour')].entries()) {
    const expected = await resolutionText(resolveEvidence(rows));
    const answers = [];
    for (const side of sides) answers.push(await resolvedBy(side, `cgr_${n}`, rows));
    for (const answer of answers) assert.equal(answer, expected, `seed ${seed}, group ${n}`);
    chunks += rows.length;
  }
  assert.ok(chunks > 5_760);
});

async function resolvedBy({ api, incidentId, query }: Side, groupId: string, rows: ConfirmedChunk[]): Promise<string> {
  await query('BEGIN');
  await insertGroup(query, { incidentId, groupId }, rows);
  await query('COMMIT');
  const response = await fetch(`${api.url}/v1/incidents/${incidentId}/capture-groups/${groupId}/resolution`, {
    headers: { authorization: `Bearer ${api.token}` },
  });
  assert.equal(response.status, 200);
  return await response.text();
}

/** One range and sequence a segment, as the tables have it. */
function storable(group: readonly ConfirmedChunk[], n: number): ConfirmedChunk[] {
  const first = new Map<string, ConfirmedChunk>();
  for (const chunk of group) if (!first.has(chunk.segmentId)) first.set(chunk.segmentId, chunk);
  return named(
    group.map((chunk) => {
      const { endedAt, sequence, startedAt } = first.get(chunk.segmentId) ?? chunk;
      return { ...chunk, endedAt, sequence, startedAt };
    }),
    String(n),
  );
}

/** Ids of the whole store, in mixed case: databases must not agree by the luck of their collations. */
function named(group: readonly ConfirmedChunk[], name: string): ConfirmedChunk[] {
  const cased = (id: string, index: number) => (index % 2 === 0 ? id : id.toUpperCase());
  return group.map((chunk, index) => ({
    ...chunk,
    chunkId: cased(`${chunk.chunkId}_${name}`, index),
    streamId: `${chunk.streamId}_${name}`,
  }));
}

async function onSqlite(t: TestContext): Promise<Side> {
  const side = await opened(t, {});
  const database = new DatabaseSync(join(side.dataDir, 'proofline.db'), { timeout: 5_000 });
  t.after(() => database.close());
  return {
    ...side,
    query: async (statement, ...values) => database.prepare(statement).all(...(values as SQLInputValue[])),
  };
}

async function onPostgres(t: TestContext): Promise<Side> {
  const postgres = await startPostgres({ fsync: 'off', full_page_writes: 'off' });
  const dsn = await postgres.createDatabase();
  const side = await opened(t, { SAFE_METADATA_BACKEND: 'postgresql', SAFE_POSTGRES_DSN: dsn });
  const client = new pg.Client(dsn);
  await client.connect();
  t.after(async () => {
    await client.end();
    await postgres.stop();
  });
  return {
    ...side,
    query: async (statement, ...values) => {
      let n = 0;
      return (
        await client.query(
          statement.replace(/\?/g, () => `$${++n}`),
          values,
        )
      ).rows;
    },
  };
}

async function opened(t: TestContext, env: Record<string, string>) {
  const folder = scratchFolder('captures');
  await createAccount(folder.path, 'ada', 'admin', env);
  const server = await startServer({ dataDir: folder.path, env });
  t.after(async () => {
    await server.stop();
    folder.remove();
  });
  const api = await signIn(server.url, 'ada');
  return { api, dataDir: folder.path, incidentId: await openIncident(api) };
}
