import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { BackupFolder } from '#compose/transfer/backup/backup-folder.ts';
import type { Places } from '#compose/transfer/places.ts';
import { restore } from '#compose/transfer/restore.ts';
import { TransferFailure } from '#compose/transfer/transfer-failure.ts';
import { openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';
import { readMigrations } from '#platform/metadata/migration-files.ts';
import { openSqlite } from '#platform/metadata/sqlite/open.ts';
import { seeded } from '../support/random.ts';
import { cli, repository, scratchFolder } from '../support/server.ts';
import { makeVariedStore } from './varied-store.ts';

const folder = scratchFolder('versions');
const source = { dataDir: join(folder.path, 'source') };
const backups = join(folder.path, 'backups');
const known = readMigrations('sqlite').map(({ id }) => id);
/** The migrations of a version to come: one more, which fills a column that it makes. */
const later = join(folder.path, 'later');
const nextId = `${String(known.length + 1).padStart(4, '0')}_mood`;

before(async () => {
  mkdirSync(later);
  for (const id of known)
    copyFileSync(
      join(repository, `src/platform/metadata/migrations/${id}.sqlite.sql`),
      join(later, `${id}.sqlite.sql`),
    );
  writeFileSync(
    join(later, `${nextId}.sqlite.sql`),
    "ALTER TABLE incidents ADD COLUMN mood TEXT; UPDATE incidents SET mood = 'calm ' || status;",
  );
  await makeVariedStore(source, seeded(3), 3);
  const made = await cli(['backup', backups], { SAFE_DATA_DIR: source.dataDir });
  assert.equal(made.code, 0, made.stderr);
});
after(() => folder.remove());

/** The place as the later version would open it. */
function laterPlaces(dataDir: string): Places {
  mkdirSync(dataDir);
  const path = join(dataDir, 'proofline.db');
  const writerModule = new URL('../../src/compose/backends/sqlite-writer.thread.ts', import.meta.url);
  const directory = pathToFileURL(`${later}/`);
  const limits = { stagingQuotaBytes: 2 ** 30, maxBodyBytes: 2 ** 30 };
  return {
    rows: {
      exists: async () => existsSync(path),
      pending: async () => [],
      open: (upTo) => openSqlite({ path, writerModule, upTo, directory }),
    },
    blobs: { exists: async () => false, open: () => openLocalBlobStore({ dataDir, ...limits }) },
    lock: () => ({ release: () => undefined }),
  };
}

test('a snapshot of an earlier version is compared as it was, and then brought up to this one', async () => {
  const dataDir = join(folder.path, 'target');
  const deps = {
    folder: BackupFolder.open(backups),
    places: laterPlaces(dataDir),
    knownMigrations: [...known, nextId],
    tell: () => undefined,
  };
  const report = await restore(deps, { acceptDamage: false });
  assert.ok(report.verified.bundles > 0);
  const database = new DatabaseSync(join(dataDir, 'proofline.db'), { readOnly: true });
  const moods = database.prepare('SELECT DISTINCT mood FROM incidents').all();
  const applied = database.prepare('SELECT id FROM schema_migrations ORDER BY id').all();
  database.close();
  assert.ok(moods.length > 0 && moods.every(({ mood }) => String(mood).startsWith('calm ')));
  assert.deepEqual(
    applied.map(({ id }) => id),
    [...known, nextId],
  );
});

test('a snapshot of a later version is refused before anything is written', async () => {
  const dataDir = join(folder.path, 'too-early');
  const deps = {
    folder: BackupFolder.open(backups),
    places: laterPlaces(dataDir),
    knownMigrations: [],
    tell: () => undefined,
  };
  await assert.rejects(restore(deps, { acceptDamage: false }), (error) => {
    assert.ok(error instanceof TransferFailure);
    assert.match(error.remedy, /that version or a later one/);
    return true;
  });
  assert.equal(existsSync(join(dataDir, 'proofline.db')), false);
});
