import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Client } from '../http/support/client.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { failpointNames } from '../kill/failpoints.ts';
import { told } from '../support/finding.ts';
import { freshSeed, type Random, seeded } from '../support/random.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { examine, examineAll } from './support/kill-examine.ts';
import { type WorkedDocument, work } from './support/kill-workload.ts';

const env = { SAFE_DELETION_WORKER_INTERVAL: '100ms' };
const seed = freshSeed();
let world: World;
let random: Random;
before(async () => {
  world = await openWorld('documents-kill', env);
  random = seeded(seed);
  await world.server.stop();
});
after(() => world.remove());

const start = (more: Record<string, string> = {}) =>
  startServer({ dataDir: world.server.dataDir, env: { ...env, ...more } });
const ada = (server: TestServer) => new Client(server.url, world.contract, world.ada.token);

/** Starts again on what the kill left, and looks at all that was answered. */
async function examined(worked: readonly WorkedDocument[]): Promise<void> {
  const server = await start();
  try {
    const as = ada(server);
    const violations: string[] = [];
    for (const document of worked) violations.push(...(await examine(as, world, document)));
    violations.push(...(await examineAll(as, world)));
    assert.equal(told(violations), '', `seed ${seed}`);
  } finally {
    await server.kill();
  }
}

for (const name of failpointNames('documents')) {
  test(`kill -9 at ${name}: nothing that was answered is lost, nothing is done twice`, async () => {
    // Later arrivals meet the process in the middle of more; not every load has so many.
    for (const nth of [3, 1]) {
      const server = await start({ PROOFLINE_FAILPOINT: `${name}:${nth}` });
      const exited = once(server.process, 'exit');
      const worked = await work(ada(server), random, `${name}-${nth}-${seed}`, 4);
      const died = await Promise.race([exited, new Promise((resolve) => setTimeout(() => resolve(undefined), 1_000))]);
      if (died === undefined) await server.kill();
      await examined(worked);
      if (nth === 1) assert.ok(died, `the load never reaches ${name}`);
    }
  });
}

test('kill -9 at any instant', async () => {
  for (let round = 1; round <= 4; round++) {
    const server = await start();
    const load = work(ada(server), random, `random-${round}-${seed}`, 30);
    await new Promise((resolve) => setTimeout(resolve, random.between(100, 900)));
    await server.kill();
    await examined(await load);
  }
});

test('blobs that no row names go after a day, by their own name; younger ones and those of rows stay', async () => {
  const server = await start();
  const as = ada(server);
  const form = new FormData();
  form.set('file', new Blob(['kept']), 'kept.txt');
  const { id } = (await as.call('POST', '/v1/documents', form)).body.document;
  await server.kill();
  const users = `users/${world.accounts.ada}`;
  const long = '01h8a0ctr9tt0bks8n10s0k4j1';
  const old = [
    `${users}/documents/doc_${long}/1-${long}`,
    `${users}/documents/${id}/2-${long}`,
    `${users}/documents/${id}/1-thumbnail-${long}`,
  ];
  const others = [
    `${users}/documents/doc_${long}/1-${id.slice(4)}`,
    `${users}/documents/${id}/nothing-of-ours`,
    `${users}/uploads/${long}`,
  ];
  for (const path of [...old, ...others]) await world.blobs.write(path, Buffer.from('stray'));
  const again = await start();
  const left = async () => (await world.blobs.list('users')).filter((path) => old.includes(path));
  for (let tries = 0; (await left()).length > 0 && tries < 100; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(await left(), []);
  const stored = await world.blobs.list('users');
  for (const path of others) assert.ok(stored.includes(path), path);
  assert.equal((await ada(again).get(`/v1/documents/${id}/content`)).bytes.toString(), 'kept');
  await again.kill();
});
