import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lacks } from '../support/needs.ts';
import { freshSeed, seeded } from '../support/random.ts';
import { cli, scratchFolder } from '../support/server.ts';
import { inPostgres, inS3, type Services, startServices } from './four-places.ts';
import { differences, makeVariedStore, type Readable, readStore, startStore } from './varied-store.ts';

const last = (stdout: string) => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');

interface World {
  services: Services;
  source: { dataDir: string };
  original: Readable;
  place(name: string): string;
}

async function withWorld(t: TestContext, work: (world: World) => Promise<void>): Promise<void> {
  if (lacks(t, 'postgres', 'radosgw')) return;
  const folder = scratchFolder('move');
  const services = await startServices();
  try {
    const source = { dataDir: join(folder.path, 'source') };
    await makeVariedStore(source, seeded(freshSeed()), 5);
    const original = await readStore(source);
    await work({ services, source, original, place: (name) => join(folder.path, name) });
  } finally {
    await services.stop();
    folder.remove();
  }
}

async function succeeds(args: readonly string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await cli([...args, '--json'], env);
  assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`);
  assert.doesNotMatch(stdout + stderr, /secret|postgresql:\/\//, 'no secret is printed');
  return last(stdout);
}

test('between SQLite and PostgreSQL, disk and S3, by move, backup and restore: the same store everywhere', async (t) => {
  await withWorld(t, async ({ services, source, original, place }) => {
    const elsewhere = await services.elsewhere();
    const here = { SAFE_DATA_DIR: source.dataDir, ...elsewhere };
    const same = async (dataDir: string, env: Record<string, string>, what: string) =>
      assert.deepEqual(differences(await readStore({ dataDir, env }), original), [], what);

    const tried = await succeeds(['move', '--to-postgresql', '--to-s3', '--dry-run'], here);
    assert.equal(tried.dry_run, true);
    const moved = await succeeds(['move', '--to-postgresql', '--to-s3'], here);
    assert.deepEqual(moved.switch_to, { ...inPostgres, ...inS3 });
    await same(source.dataDir, {}, 'the old place is untouched');
    const both = { ...elsewhere, ...inPostgres, ...inS3 };
    await same(place('node'), both, 'PostgreSQL and S3');

    // From there into a backup, beside the running server, and out of it into every kind of place.
    const { server } = await startStore({ dataDir: place('node'), env: both });
    const backups = place('backups');
    const made = await succeeds(['backup', backups], { SAFE_DATA_DIR: place('node'), ...both });
    await server.stop();
    assert.equal(made.damaged.length, 0);
    for (const [name, backends] of Object.entries({
      'SQLite and disk': {},
      'PostgreSQL and disk': inPostgres,
      'SQLite and S3': inS3,
      'PostgreSQL and S3': { ...inPostgres, ...inS3 },
    })) {
      const env = { ...(await services.elsewhere()), ...backends };
      const dataDir = place(name.replaceAll(' ', '-'));
      await succeeds(['restore', backups, '--dry-run'], { SAFE_DATA_DIR: dataDir, ...env });
      await succeeds(['restore', backups], { SAFE_DATA_DIR: dataDir, ...env });
      await same(dataDir, env, name);
      const again = await cli(['restore', backups], { SAFE_DATA_DIR: dataDir, ...env });
      assert.equal(again.code, 73, `${name}: nothing is written over`);
      const next = await succeeds(['backup', backups], { SAFE_DATA_DIR: dataDir, ...env });
      assert.equal(next.copied.count, 0, `${name}: the same blobs`);
      assert.deepEqual(next.blobs, made.blobs, name);
    }

    // And back.
    const back = place('back');
    await succeeds(['move', '--to-sqlite', '--to-disk'], { SAFE_DATA_DIR: back, ...both });
    await same(back, {}, 'back in SQLite and on the disk');
  });
});

test('a store that is served is not moved, nor one into another, nor two into one', async (t) => {
  await withWorld(t, async ({ services, source, place }) => {
    const elsewhere = await services.elsewhere();
    const here = { SAFE_DATA_DIR: source.dataDir, ...elsewhere };
    const { server } = await startStore(source);
    const served = await cli(['move', '--to-postgresql', '--json'], here);
    assert.equal(served.code, 75, served.stdout);
    assert.match(last(served.stdout).remedy, /Stop it/);
    await server.stop();

    const killed = await cli(['move', '--to-postgresql', '--to-s3'], {
      ...here,
      PROOFLINE_FAILPOINT: 'transfer-rows-verified',
    });
    assert.equal(killed.code, null);
    const other = { dataDir: place('other') };
    await makeVariedStore(other, seeded(7), 1);
    const second = await cli(['move', '--to-postgresql', '--json'], { ...here, SAFE_DATA_DIR: other.dataDir });
    assert.equal(second.code, 73, second.stdout);
    const blobs = await cli(['move', '--to-s3', '--json'], { ...here, SAFE_DATA_DIR: other.dataDir });
    assert.equal(blobs.code, 73, blobs.stdout);
    await assert.rejects(
      startStore({ dataDir: place('node'), env: { ...elsewhere, ...inPostgres, ...inS3 } }),
      /has not ended/,
    );
    assert.equal((await cli(['move', '--to-postgresql', '--to-s3'], here)).code, 0);
    assert.equal((await cli(['move', '--to-postgresql', '--to-s3'], here)).code, 73);
    assert.equal((await cli(['move', '--to-sqlite'], here)).code, 2);
    assert.equal((await cli(['move'], here)).code, 2);
  });
});
