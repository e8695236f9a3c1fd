/** A SECRET_KEY is replaced: with the old one beside it nothing stops, and after the rotation the old one is not needed. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../http/support/client.ts';
import { openWorld } from '../http/support/world.ts';
import { lacks, missing } from '../support/needs.ts';
import { cli, startServer, writeFileIn } from '../support/server.ts';
import { startWebdav, type TestWebdav } from '../support/services/webdav.ts';
import { cloudSettings, connect, connectionsPath } from './support.ts';

const [first, second] = ['canary-first-key-0123456789-0123456789', 'canary-second-key-0123456789-0123456789'];
let dav: TestWebdav | undefined;
before(async () => {
  if (missing('rclone').length === 0) dav = await startWebdav();
});
after(async () => await dav?.stop());

test('keys are rotated beside a running server, in as many goes as it takes', async (t) => {
  if (lacks(t, 'rclone') || dav === undefined) return;
  const { endpoint, password, username } = dav;
  const world = await openWorld('cloud-keys', { ...cloudSettings, SAFE_SECRET_KEY: first });
  t.after(() => world.remove());
  const { dataDir } = world.server;
  const ids: string[] = [];
  for (let i = 0; i < 12; i++) {
    const client = i % 2 === 0 ? world.ada : world.bob;
    ids.push(await connect(client, { kind: 'webdav', name: `Dav ${i}`, endpoint, username, password }));
  }
  assert.equal(await world.server.stop(), 0);

  const serve = async (env: Record<string, string>) => {
    const { SAFE_SECRET_KEY: _, ...others } = cloudSettings;
    const server = await startServer({ dataDir, env: { ...others, ...env } });
    const works = async (id = '') =>
      (await new Client(server.url, world.contract, world.ada.token).post(`${connectionsPath}/${id}/test`)).code;
    return { server, works };
  };
  const rotate = async (env: Record<string, string>, ...options: string[]) => {
    const result = await cli(['keys', 'rotate', '--json', ...options], { SAFE_DATA_DIR: dataDir, ...env });
    assert.doesNotMatch(result.stdout + result.stderr, /canary|Dav|127\.0\.0\.1/);
    return { code: result.code, stderr: result.stderr, ...(result.stdout === '' ? {} : JSON.parse(result.stdout)) };
  };

  // One row under a key that nobody has any more.
  await world.rows(async (query) => {
    await query('UPDATE cloud_connections SET key_id = ? WHERE id = ?', '0123456789abcdef', ids[3] ?? '');
  });
  const old = writeFileIn(dataDir, 'old-keys', `${first}\n`);
  const both = { SECRET_KEY: second, SAFE_SECRET_KEYS_OLD_FILE: old };
  const { server, works } = await serve(both);
  assert.equal(await works(ids[0]), '', 'under the old key');
  assert.deepEqual(await rotate(both, '--dry-run'), {
    code: 1,
    stderr: '',
    resealed: 11,
    unreadable: [ids[3]],
    dry_run: true,
  });
  // As an earlier run would have left it that was ended in the middle: some rows are done.
  await world.rows(async (query) => {
    await query(
      'UPDATE cloud_connections SET key_id = ? WHERE id IN (?, ?, ?)',
      'gone',
      ids[0] ?? '',
      ids[1] ?? '',
      ids[2] ?? '',
    );
  });
  const part = await rotate(both);
  assert.deepEqual([part.code, part.resealed, part.unreadable], [1, 8, ids.slice(0, 4)]);
  assert.equal(await works(ids[4]), '', 'under the new key');
  assert.equal(await works(ids[0]), 'secret_key_missing');
  const keyOf = async (id: string) => {
    let found = '';
    await world.rows(async (query) => {
      found = String((await query('SELECT key_id FROM cloud_connections WHERE id = ?', id))[0]?.key_id);
    });
    return found;
  };
  const current = await keyOf(ids[4] ?? '');
  assert.notEqual(current, 'gone');
  assert.equal(await server.stop(), 0);

  const alone = await serve({ SAFE_SECRET_KEY: second });
  assert.equal(await alone.works(ids[4]), '', 'without the old key');
  assert.equal(await alone.server.stop(), 0);
  const without = await rotate({});
  assert.deepEqual([without.code, /secret_key_missing/.test(without.stderr)], [1, true]);
  mkdirSync(join(dataDir, 'unused'), { recursive: true });
  const short = await cli(['keys', 'rotate'], { SAFE_DATA_DIR: dataDir, SAFE_SECRET_KEY: 'canary-short' });
  assert.deepEqual([short.code, short.stderr.includes('canary')], [78, false]);
});
