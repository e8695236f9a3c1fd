import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { cacheTables, internalColumns, storedTables, unfinishedTables } from '#compose/transfer/stored-tables.ts';
import { freshSeed, seeded } from '../support/random.ts';
import { cli, scratchFolder } from '../support/server.ts';
import { differences, fillVaried, makeVariedStore, type Readable, readStore, startStore } from './varied-store.ts';

const folder = scratchFolder('backup');
const source = { dataDir: join(folder.path, 'source') };
const backups = join(folder.path, 'backups');
let original: Readable;

before(async () => {
  await makeVariedStore(source, seeded(freshSeed()), 5);
  original = await readStore(source);
});
after(() => folder.remove());

const backup = (...args: string[]) => cli(['backup', backups, '--json', ...args], { SAFE_DATA_DIR: source.dataDir });
const restoreInto = (dataDir: string, ...args: string[]) =>
  cli(['restore', backups, '--json', ...args], { SAFE_DATA_DIR: dataDir });
const last = (stdout: string) => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
const place = (name: string) => join(folder.path, name);

test('every table of the schema is copied or left out on purpose, none is forgotten', () => {
  const database = new DatabaseSync(join(source.dataDir, 'proofline.db'), { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  database.close();
  const names = tables.map(({ name }) => String(name)).filter((name) => name !== 'schema_migrations');
  const known = [...storedTables, ...unfinishedTables].map(({ name }) => name);
  assert.deepEqual([...known, ...cacheTables].toSorted(), names.toSorted());
});

test('a backup and its restore give the same store, byte for byte', async () => {
  const made = await backup();
  assert.equal(made.code, 0, made.stdout + made.stderr);
  const tried = await restoreInto(place('one'), '--dry-run');
  assert.equal(tried.code, 0, tried.stdout + tried.stderr);
  assert.equal(existsSync(place('one')), false, 'a dry run writes nothing');
  const restored = await restoreInto(place('one'));
  assert.equal(restored.code, 0, restored.stdout + restored.stderr);
  assert.ok(last(restored.stdout).verified.bundles >= 3);
  assert.deepEqual(rowsOf(place('one')), rowsOf(source.dataDir));
  // Last: what is read goes into the audit.
  assert.deepEqual(differences(await readStore({ dataDir: place('one') }), original), []);
});

test('an upload that is under way is in no copy, neither its rows nor its bytes', () => {
  const uploads = (dataDir: string) => {
    const database = new DatabaseSync(join(dataDir, 'proofline.db'), { readOnly: true });
    const rows = unfinishedTables.map(({ name }) => database.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.n);
    database.close();
    return [...rows, globSync('blobs/uploads/**/*-*', { cwd: dataDir }).length];
  };
  assert.deepEqual(uploads(source.dataDir), [1, 1, 1]);
  assert.deepEqual(uploads(place('one')), [0, 0, 0]);
});

test('everything of a backup is private, and its sums can be checked by hand', async () => {
  for (const path of globSync('**/*', { cwd: backups })) {
    const { mode } = statSync(join(backups, path));
    assert.equal(mode & 0o077, 0, `${path} has mode ${mode.toString(8)}`);
  }
  assert.equal(statSync(backups).mode & 0o077, 0);
  const { execFileSync } = await import('node:child_process');
  for (const name of readdirSync(join(backups, 'snapshots')))
    execFileSync('sha256sum', ['-c', '--quiet', '--strict', 'SHA256SUMS'], { cwd: join(backups, 'snapshots', name) });
  for (const path of globSync('blobs/*/*', { cwd: backups })) {
    const [sum] = execFileSync('sha256sum', [join(backups, path)], { encoding: 'utf8' }).split(' ');
    assert.equal(path.split('/').at(-1), sum);
  }
});

test('while the server serves: the second backup copies only what is new, and keeps no more than asked', async () => {
  const { server, ada } = await startStore(source);
  const before = last((await backup()).stdout);
  assert.equal(before.copied.count, 0);
  let filling = true;
  const load = fillVaried(ada, seeded(freshSeed()), 6).finally(() => {
    filling = false;
  });
  let during = 0;
  while (filling) {
    const made = await backup();
    assert.equal(made.code, 0, made.stdout + made.stderr);
    during += 1;
    const tried = await restoreInto(place('dry'), '--dry-run');
    assert.equal(tried.code, 0, tried.stdout + tried.stderr);
  }
  await load;
  assert.ok(during >= 1);
  const kept = last((await backup('--keep', '2')).stdout);
  assert.equal(kept.removed.snapshots, during + 1);
  await server.stop();
  assert.equal(readdirSync(join(backups, 'snapshots')).length, 2);
  for (const snapshot of readdirSync(join(backups, 'snapshots'))) {
    const tried = await restoreInto(place('dry'), '--dry-run', '--snapshot', snapshot);
    assert.equal(tried.code, 0, tried.stdout + tried.stderr);
  }
  original = await readStore(source);
  const restored = await restoreInto(place('two'));
  assert.equal(restored.code, 0, restored.stdout + restored.stderr);
  assert.deepEqual(differences(await readStore({ dataDir: place('two') }), original), []);
});

test('blobs of deleted incidents go from the backup with the last snapshot that names them', async () => {
  const rows = rowsOf(source.dataDir);
  const naming = [rows.chunks, rows.document_versions, rows.document_thumbnails];
  const named = new Set(naming.flat().map((row) => String(row?.sha256_hex)));
  const made = await backup('--keep', '1');
  assert.equal(made.code, 0, made.stdout);
  const there = globSync('blobs/*/*', { cwd: backups }).map((path) => path.split('/').at(-1) ?? '');
  for (const name of there) assert.ok(named.has(name), `${name} is needed by nothing`);
});

test('restore refuses a place that is not empty, and changes nothing there', async () => {
  const before = rowsOf(source.dataDir);
  const refused = await restoreInto(source.dataDir);
  assert.equal(refused.code, 73, refused.stdout);
  assert.match(last(refused.stdout).remedy, /empty place/);
  assert.deepEqual(rowsOf(source.dataDir), before);
  const beside = await cli(['restore', backups, '--dry-run'], { SAFE_DATA_DIR: source.dataDir });
  assert.equal(beside.code, 73);
});

test('a mistyped place of either kind is told, and made nowhere', async () => {
  const nothing = await cli(['backup', place('wrong')], { SAFE_DATA_DIR: place('nowhere') });
  assert.equal(nothing.code, 66, nothing.stderr);
  assert.equal(existsSync(place('nowhere')), false);
  const none = await cli(['restore', place('nowhere')], { SAFE_DATA_DIR: place('x') });
  assert.equal(none.code, 66, none.stderr);
  const foreign = await cli(['backup', source.dataDir], { SAFE_DATA_DIR: source.dataDir });
  assert.equal(foreign.code, 73, foreign.stderr);
});

test('a folder that holds backups of another store is refused', async () => {
  const other = { dataDir: place('other') };
  await makeVariedStore(other, seeded(1), 1);
  const refused = await cli(['backup', backups], { SAFE_DATA_DIR: other.dataDir });
  assert.equal(refused.code, 73, refused.stderr);
  assert.deepEqual(
    readdirSync(join(backups, 'snapshots')).filter((name) => name.startsWith('~')),
    [],
  );
});

test('a flipped bit anywhere in a backup is found, and nothing is served from it', async () => {
  const [name = ''] = readdirSync(join(backups, 'snapshots'));
  const copy = place('flipped');
  const files = globSync(['snapshots/*/*.ndjson', 'snapshots/*/manifest.json', 'blobs/*/*'], { cwd: backups });
  const chosen = [
    ...files.filter((path) => path.startsWith('snapshots')),
    ...files.filter((path) => path.startsWith('blobs')).slice(0, 3),
  ];
  for (const path of chosen) {
    const bytes = readFileSync(join(backups, path));
    if (bytes.length === 0) continue;
    rmSync(copy, { recursive: true, force: true });
    cpSync(backups, copy, { recursive: true });
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    writeFileSync(join(copy, path), bytes);
    const result = await cli(['restore', copy, '--json', '--dry-run', '--snapshot', name], {
      SAFE_DATA_DIR: place('dry'),
    });
    assert.equal(result.code, 1, `${path}: ${result.stdout}`);
  }
});

test('a damaged blob of the server does not stop a backup; it is named, and a restore asks', async () => {
  const damaged = place('damaged');
  cpSync(source.dataDir, damaged, { recursive: true });
  const path = largeBlob(damaged, 'blobs/incidents/*/streams/*/video_*.enc');
  chmodSync(path, 0o600);
  writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.of(1)]));
  const folderOfDamaged = place('backups-of-damaged');
  const made = await cli(['backup', folderOfDamaged, '--json'], { SAFE_DATA_DIR: damaged });
  assert.equal(made.code, 1, made.stdout);
  assert.equal(last(made.stdout).damaged.length, 1);
  const asked = await cli(['restore', folderOfDamaged, '--json'], { SAFE_DATA_DIR: place('three') });
  assert.equal(asked.code, 1, asked.stdout);
  assert.match(last(asked.stdout).remedy, /--accept-damage/);
  const accepted = await cli(['restore', folderOfDamaged, '--json', '--accept-damage'], {
    SAFE_DATA_DIR: place('three'),
  });
  assert.equal(accepted.code, 1, accepted.stdout);
  assert.equal(last(accepted.stdout).damaged.length, 1);
  const { server } = await startStore({ dataDir: place('three') });
  await server.stop();
});

test('--verify heals a backup whose own disk has lost bytes', async () => {
  const blob = largeBlob(backups, 'blobs/*/*');
  const bytes = readFileSync(blob);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  writeFileSync(blob, bytes);
  assert.equal((await restoreInto(place('dry'), '--dry-run')).code, 1);
  const trusting = last((await backup()).stdout);
  assert.equal(trusting.copied.count, 0);
  const healed = last((await backup('--verify')).stdout);
  assert.equal(healed.copied.count, 1);
  assert.equal((await restoreInto(place('dry'), '--dry-run')).code, 0);
});

test('sessions are left out unless asked for', async () => {
  assert.equal(rowsOf(place('one')).auth_sessions?.length ?? 0, 0);
  const made = await backup('--with-sessions');
  assert.equal(made.code, 0);
  const restored = await restoreInto(place('four'));
  assert.equal(restored.code, 0, restored.stdout);
  assert.ok((sessions(place('four')) ?? 0) > 0);
});

/** One whose bytes no other chunk has. */
function largeBlob(folder: string, pattern: string): string {
  const found = globSync(pattern, { cwd: folder }).map((path) => join(folder, path));
  return found.find((path) => statSync(path).size >= 4096) ?? '';
}

function sessions(dataDir: string): number {
  const database = new DatabaseSync(join(dataDir, 'proofline.db'), { readOnly: true });
  const { n } = database.prepare('SELECT count(*) AS n FROM auth_sessions').get() as { n: number };
  database.close();
  return n;
}

/** Every row but those of who is signed in, and of the restore itself. */
function rowsOf(dataDir: string): Record<string, Record<string, unknown>[]> {
  const database = new DatabaseSync(join(dataDir, 'proofline.db'), { readOnly: true });
  const rows: Record<string, Record<string, unknown>[]> = {};
  for (const { name, key } of storedTables) {
    const internal = internalColumns[name] ?? '';
    // The restore itself is an entry of the audit, and so moves the end of its chain.
    if (['auth_sessions', 'refresh_tokens', 'audit_head'].includes(name)) continue;
    rows[name] = database
      .prepare(`SELECT * FROM ${name} ORDER BY ${key.join(', ')}`)
      .all()
      .map(({ [internal]: _, ...row }) => row)
      .filter((row) => !String(row.action ?? '').startsWith('store.'));
  }
  database.close();
  return rows;
}
