import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Answer, bytesOf, uploadParts } from './support/client.ts';
import { openWorld, until, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('quota', {
    SAFE_ACCOUNT_COMMITTED_QUOTA_BYTES: '10000',
    SAFE_DELETION_WORKER_INTERVAL: '100ms',
  });
});
after(() => world.close());

const refused = (answer: Answer) => assert.deepEqual([answer.status, answer.code], [413, 'quota_exceeded']);
const used = async () => (await world.ada.get('/v1/account')).body.quota;
const limit = (bytes: number | null) =>
  world.root.post(`/v1/admin/accounts/${world.accounts.ada}/quota`, { bytes_limit: bytes });

test('an account may hold exactly its limit, over all its incidents, by either way in', async () => {
  const [first, second] = [await world.ada.incident(), await world.ada.incident()];
  const [one, two] = [await world.ada.stream(first), await world.ada.stream(second)];
  assert.deepEqual(await used(), { bytes_used: 0, bytes_limit: 10_000 });
  assert.equal((await world.ada.put(first, one, 1, bytesOf(6_000))).status, 201);
  refused(await world.ada.put(second, two, 1, bytesOf(4_001)));
  refused(await world.ada.form(second, uploadParts(bytesOf(4_001), { stream_id: two })));
  assert.equal((await used()).bytes_used, 6_000, 'a refused upload costs nothing');
  assert.equal((await world.ada.form(second, uploadParts(bytesOf(4_000), { stream_id: two }))).status, 201);
  assert.equal((await used()).bytes_used, 10_000);
  refused(await world.ada.put(second, two, 2, bytesOf(1)));
  assert.equal((await world.ada.put(second, two, 2, bytesOf(0))).status, 201);
  assert.equal((await world.bob.get('/v1/account')).body.quota.bytes_used, 0);

  // What an administrator uploads into Ada's incident counts for Ada.
  refused(await world.root.put(second, two, 3, bytesOf(1)));

  // A replay is answered although the account is full.
  assert.equal((await limit(10_500)).status, 200);
  const bytes = bytesOf(500);
  assert.equal((await world.ada.put(second, two, 4, bytes, { key: 'k' })).status, 201);
  assert.equal((await world.ada.put(second, two, 4, bytes, { key: 'k' })).status, 200);
  assert.equal((await used()).bytes_used, 10_500);

  const deletion = `/v1/incidents/${first}/deletion`;
  await world.ada.post(deletion, { allow_open: true });
  await until(
    async () => ((await world.ada.get(deletion)).body.deletion.state === 'deleted' ? true : undefined),
    'deletion',
  );
  assert.equal((await used()).bytes_used, 4_500, 'deletion gives its room back');
  assert.equal((await world.ada.put(second, two, 5, bytesOf(6_000))).status, 201);
});

test('an administrator sets a limit for one account, none, or the default again', async () => {
  const { quota, account } = (await limit(5)).body;
  assert.deepEqual([quota.bytes_limit, account.id], [5, world.accounts.ada]);
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  refused(await world.ada.put(incident, stream, 1, bytesOf(1)));
  assert.equal('bytes_limit' in (await limit(0)).body.quota, false, '0 is no limit');
  assert.equal((await world.ada.put(incident, stream, 1, bytesOf(50_000))).status, 201);
  assert.equal((await limit(null)).body.quota.bytes_limit, 10_000);
  refused(await world.ada.put(incident, stream, 2, bytesOf(1)));
  for (const bad of [-1, 1.5, '5', 2 ** 53])
    assert.equal(
      (await world.root.post(`/v1/admin/accounts/${world.accounts.ada}/quota`, { bytes_limit: bad })).code,
      'invalid_request',
    );
  const listed = (await world.root.get('/v1/admin/accounts')).body.accounts.find(
    ({ id }: { id: string }) => id === world.accounts.ada,
  );
  assert.deepEqual(listed.quota, await used());
});

test('of many uploads at once no more are accepted than fit', async () => {
  const incident = await world.bob.incident();
  const stream = await world.bob.stream(incident);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => world.bob.put(incident, stream, i + 1, bytesOf(1_000))),
  );
  assert.equal(answers.filter(({ status }) => status === 201).length, 10);
  for (const answer of answers.filter(({ status }) => status !== 201)) refused(answer);
  assert.equal((await world.bob.get('/v1/account')).body.quota.bytes_used, 10_000);
});
