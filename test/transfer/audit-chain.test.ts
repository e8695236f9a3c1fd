/** The chain of the audit goes along whole: what was noted down at the source is found in every copy. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import type { ChainReport } from '#features/audit/index.ts';
import { lacks } from '../support/needs.ts';
import { adminPassword, cli, createAccount, scratchFolder } from '../support/server.ts';
import { startPostgres } from '../support/services/postgres.ts';

const folder = scratchFolder('audit-copies');
const source = join(folder.path, 'source');
const backups = join(folder.path, 'backups');
const place = (name: string) => join(folder.path, name);
let noted = '';

before(async () => {
  for (const name of ['ada', 'bob', 'carla']) await createAccount(source, name, 'admin');
  const report = await verify(source);
  assert.deepEqual([report.ok, report.entries], [true, 3]);
  noted = `${report.end?.seq}:${report.end?.hash}`;
  await succeeds(['backup', backups], { SAFE_DATA_DIR: source });
});
after(() => folder.remove());

async function succeeds(args: readonly string[], env: Record<string, string>): Promise<void> {
  const { code, stdout, stderr } = await cli(args, env);
  assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`);
}

async function verify(dataDir: string, env: Record<string, string> = {}, head = ''): Promise<ChainReport> {
  const args = ['verify', '--audit', '--json', ...(head === '' ? [] : ['--head', head])];
  const { stdout, stderr, code } = await cli(args, { SAFE_DATA_DIR: dataDir, ...env });
  assert.ok(code === 0 || code === 1, stderr);
  const report: ChainReport = JSON.parse(stdout);
  assert.equal(report.ok, code === 0);
  return report;
}

test('a restored store goes on from the end of the one that was backed up', async () => {
  await succeeds(['restore', backups], { SAFE_DATA_DIR: place('restored') });
  const restored = await verify(place('restored'), {}, noted);
  assert.deepEqual([restored.ok, restored.entries, restored.older], [true, 4, 0], 'and the restore itself is on it');
  await createAccount(place('restored'), 'dora', 'user');
  const later = await verify(place('restored'), {}, noted);
  assert.deepEqual([later.ok, later.entries], [true, 5]);
});

test('a store that is being filled has the chain of its source, and its mark is no entry', async () => {
  const env = { SAFE_DATA_DIR: place('cut'), PROOFLINE_FAILPOINT: 'transfer-rows-verified' };
  assert.equal((await cli(['restore', backups], env)).code, null);
  const half = await verify(place('cut'), {}, noted);
  assert.deepEqual([half.ok, half.entries, half.older], [true, 3, 0]);
  await succeeds(['restore', backups], { SAFE_DATA_DIR: place('cut') });
  const whole = await verify(place('cut'), {}, noted);
  assert.deepEqual([whole.ok, whole.entries], [true, 4]);
});

test('what was changed at the source is found in the copy too: nothing is hashed anew on the way', async () => {
  await succeeds(['restore', backups], { SAFE_DATA_DIR: place('changed') });
  const database = new DatabaseSync(join(place('changed'), 'proofline.db'));
  database.exec("UPDATE audit_log SET detail = 'user' WHERE seq = 2");
  database.close();
  await succeeds(['backup', place('changed-backups')], { SAFE_DATA_DIR: place('changed') });
  await succeeds(['restore', place('changed-backups')], { SAFE_DATA_DIR: place('copy') });
  const copy = await verify(place('copy'));
  assert.deepEqual(copy.findings, [{ kind: 'altered', seq: 2 }]);
});

test('between SQLite and PostgreSQL it stays the same chain', async (t) => {
  if (lacks(t, 'postgres')) return;
  const postgres = await startPostgres();
  try {
    const there = { SAFE_POSTGRES_DSN: await postgres.createDatabase() };
    const inPostgres = { ...there, SAFE_METADATA_BACKEND: 'postgresql' };
    await succeeds(['move', '--to-postgresql'], { SAFE_DATA_DIR: source, ...there });
    const moved = await verify(source, inPostgres, noted);
    assert.deepEqual([moved.ok, moved.entries], [true, 4]);
    const args = ['accounts', 'create', '--username', 'erin', '--role', 'user', '--password-file', '-'];
    const created = await cli(args, { SAFE_DATA_DIR: source, ...inPostgres }, adminPassword);
    assert.equal(created.code, 0, created.stderr);
    const grown = await verify(source, inPostgres, noted);
    assert.deepEqual([grown.ok, grown.entries], [true, 5]);
    await succeeds(['backup', place('from-postgres')], { SAFE_DATA_DIR: source, ...inPostgres });
    await succeeds(['restore', place('from-postgres')], { SAFE_DATA_DIR: place('back') });
    const back = await verify(place('back'), {}, `${grown.end?.seq}:${grown.end?.hash}`);
    assert.deepEqual([back.ok, back.entries], [true, 6]);
  } finally {
    await postgres.stop();
  }
});
