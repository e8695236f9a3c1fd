import { join } from 'node:path';
import fc from 'fast-check';
import type { ConfirmedChunk } from '#kit/evidence/evidence.ts';
import { newId } from '#kit/ids.ts';
import { enrol, newcomer } from '../http/support/world.ts';
import { type Finding, type Progress, silently } from '../support/finding.ts';
import { scratchFolder, startServer } from '../support/server.ts';
import { startPostgres } from '../support/services/postgres.ts';
import { type Query, withPostgres, withSqlite } from '../support/stored-rows.ts';
import { groups } from './evidence-model.ts';
import { type GroupPlace, insertGroup } from './support/group-rows.ts';

export interface CompareDatabasesOptions {
  rounds: number;
  seed: number;
  progress?: Progress;
}

const asked = ['resolution', 'manifest?kind=partial', 'manifest?kind=canonical', 'manifest?kind=completed'] as const;
/** Inserted together. */
const groupsAtOnce = 50;
const at = '2026-01-02T03:00:00.000Z';

/** A server on one of the two databases. */
interface Place {
  rows(work: (query: Query) => Promise<void>): Promise<void>;
  get(path: string): Promise<{ status: number; bytes: Buffer }>;
  stop(): Promise<unknown>;
}

/** The same rows in SQLite and in PostgreSQL, put there in another order: the same answers, to the byte. Needs 'postgres'. */
export async function compareDatabases(options: CompareDatabasesOptions): Promise<Finding> {
  const { rounds, seed, progress = silently } = options;
  const folder = scratchFolder('capture-databases');
  const postgres = await startPostgres();
  const places: Place[] = [];
  const violations: string[] = [];
  let chunks = 0;
  try {
    const dsn = await postgres.createDatabase();
    const onFiles = join(folder.path, 'sqlite');
    const sqlite = await openPlace(onFiles, {}, (work) => withSqlite(onFiles, work));
    places.push(sqlite);
    const inPostgres = { SAFE_METADATA_BACKEND: 'postgresql', SAFE_POSTGRES_DSN: dsn };
    const other = await openPlace(join(folder.path, 'node'), inPostgres, (work) => withPostgres(dsn, work));
    places.push(other);
    const incidentId = newId('inc');
    await Promise.all(places.map(({ rows }) => rows((query) => insertIncident(query, incidentId))));
    for (let begun = 0; begun < rounds; begun += groupsAtOnce) {
      const drawn = fc.sample(groups, { seed: seed + begun, numRuns: Math.min(groupsAtOnce, rounds - begun) });
      const some = drawn.map((all, index) => {
        const place: GroupPlace = { incidentId, groupId: newId('cgr') };
        return { place, all: storable(all, `${begun + index}`), name: `seed ${seed + begun}, group ${index}` };
      });
      await sqlite.rows(async (query) => {
        for (const { place, all } of some) await insertGroup(query, place, all);
      });
      await other.rows(async (query) => {
        for (const { place, all } of some.toReversed()) await insertGroup(query, place, all.toReversed());
      });
      for (const { place, all, name } of some) {
        chunks += all.length;
        violations.push(...(await differences([sqlite, other], place, all.length)).map((what) => `${name}: ${what}`));
      }
      progress(`${begun + some.length} of ${rounds} groups`);
    }
  } finally {
    for (const { stop } of places) await stop();
    await postgres.stop();
    folder.remove();
  }
  return {
    section: 'captures',
    fault: 'the same random groups as rows of SQLite and of PostgreSQL, put there in another order',
    held: 'the resolution and the manifests of all three kinds are the same bytes, and tell of every chunk',
    filesystem: 'two servers',
    rounds,
    acknowledged: chunks,
    violations,
    seed,
    note: `${rounds * asked.length} answers compared`,
  };
}

async function openPlace(dataDir: string, env: Record<string, string>, rows: Place['rows']): Promise<Place> {
  const server = await startServer({ dataDir, env });
  // Without an administrator no server answers.
  const root = newcomer('root');
  await rows((query) => enrol(query, root));
  const get = async (path: string) => {
    const answer = await fetch(server.url + path, { headers: { authorization: `Bearer ${root.token}` } });
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  return { rows, get, stop: server.stop };
}

async function insertIncident(query: Query, id: string): Promise<void> {
  await query(
    `INSERT INTO incidents (id, owner_account_id, status, created_at, updated_at) SELECT ?, id, 'open', ?, ? FROM accounts`,
    ...[id, at, at],
  );
}

/** What the constraints let in: a segment has one range. Ids are of this group alone. */
function storable(all: readonly ConfirmedChunk[], group: string): ConfirmedChunk[] {
  const ranges = new Map<string, string>();
  return all.flatMap((chunk) => {
    const range = `${chunk.startedAt} ${chunk.endedAt}`;
    const known = ranges.get(chunk.segmentId) ?? range;
    ranges.set(chunk.segmentId, known);
    return range === known
      ? { ...chunk, chunkId: `${chunk.chunkId}_${group}`, streamId: `${chunk.streamId}_${group}` }
      : [];
  });
}

async function differences(
  [one, other]: readonly [Place, Place],
  { incidentId, groupId }: GroupPlace,
  chunks: number,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const what of asked) {
    const path = `/v1/incidents/${incidentId}/capture-groups/${groupId}/${what}`;
    const [first, second] = [await one.get(path), await other.get(path)];
    if (first.status !== 200) wrong.push(`${what}: answered ${first.status} ${first.bytes}`);
    else if (second.status !== 200) wrong.push(`${what}: answered ${second.status} ${second.bytes} by PostgreSQL`);
    else if (!first.bytes.equals(second.bytes)) wrong.push(`${what}: ${first.bytes} is not ${second.bytes}`);
    else if (what !== 'resolution' && JSON.parse(String(first.bytes)).chunks.length !== chunks)
      wrong.push(`${what}: does not tell of ${chunks} chunks`);
  }
  return wrong;
}
