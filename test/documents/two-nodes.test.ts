import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bytesOf, Client } from '../http/support/client.ts';
import { Contract } from '../http/support/contract.ts';
import { until } from '../http/support/world.ts';
import { type Cluster, clusterNeeds, startCluster } from '../nodes/cluster.ts';
import { lacks, missing } from '../support/needs.ts';
import { added, folder, quota, upload } from './support/vault.ts';

/** Two nodes on one PostgreSQL, one bucket and one Valkey; half of the requests go to each. */
const needed = clusterNeeds('versitygw');

test('two nodes of a vault need something to share', (t) => {
  if (lacks(t, ...needed)) return;
  assert.deepEqual(missing(...needed), []);
});

describe('two nodes, one vault', { skip: missing(...needed).length > 0 }, () => {
  let cluster: Cluster;
  let nodes: readonly [Client, Client];
  before(async () => {
    cluster = await startCluster('versitygw');
    const [first, second] = cluster.nodes.map(({ server }) => server.url);
    const contract = await Contract.of(first ?? '');
    nodes = [new Client(first ?? '', contract, cluster.token), new Client(second ?? '', contract, cluster.token)];
  });
  after(() => cluster.stop());

  const onBoth = async (count: number, what: (as: Client, n: number) => Promise<{ status: number; code: string }>) => {
    const answers = await Promise.all(Array.from({ length: count }, (_, n) => what(nodes[n % 2] ?? nodes[0], n)));
    const tally: Record<string, number> = {};
    for (const { status, code } of answers) tally[code || status] = (tally[code || status] ?? 0) + 1;
    return tally;
  };

  test('one key, one name, one version to follow: one of all requests does it', async () => {
    for (let round = 0; round < 8; round++) {
      const wish = { name: `both ${round}`, bytes: bytesOf(3_000), headers: { 'idempotency-key': `both-${round}` } };
      assert.deepEqual(await onBoth(10, (as) => upload(as, wish)), { 200: 9, 201: 1 });
      const name = `name ${round}`;
      const names = await onBoth(10, (as, n) => (n < 5 ? upload(as, { name }) : as.post('/v1/folders', { name })));
      assert.deepEqual(names, { 201: 1, name_conflict: 9 });
      const { id } = await added(nodes[0], { name: `followed ${round}` });
      const follow = (as: Client) => as.call('PUT', `/v1/documents/${id}/content`, bytesOf(50), { 'if-match': '"1"' });
      assert.deepEqual(await onBoth(10, follow), { 200: 1, version_conflict: 9 });
    }
  });

  test('a quota holds over both nodes', async () => {
    const { body } = await nodes[0].get('/v1/account');
    const before = await quota(nodes[0]);
    const limit = before.bytes_used + 7 * 1_000 + 500;
    const path = `/v1/admin/accounts/${body.account.id}/document-quota`;
    await nodes[1].post(path, { bytes_limit: limit, documents_limit: null });
    const tally = await onBoth(30, (as, n) => upload(as, { name: `q${n}`, bytes: bytesOf(1_000) }));
    assert.deepEqual(tally, { 201: 7, quota_exceeded: 23 });
    await nodes[1].post(path, { bytes_limit: null, documents_limit: null });
  });

  test('folders moved into one another by two nodes at once: one of the moves is refused', async () => {
    const [a, b] = [await folder(nodes[0], 'left'), await folder(nodes[1], 'right')];
    for (let round = 0; round < 30; round++) {
      const moves = await Promise.all([
        nodes[0].call('PATCH', `/v1/folders/${a}`, { parent_id: b }),
        nodes[1].call('PATCH', `/v1/folders/${b}`, { parent_id: a }),
      ]);
      assert.deepEqual(moves.map((move) => move.code).sort(), ['', 'folder_cycle']);
      for (const id of [a, b]) await nodes[0].call('PATCH', `/v1/folders/${id}`, { parent_id: null });
    }
  });

  test('what one node has, the other reads, in ranges too; what one deletes is gone for both, and its room comes back', async () => {
    const bytes = bytesOf(2_500_000);
    const before = await quota(nodes[0]);
    const { id } = await added(nodes[0], { name: 'shared', bytes });
    const range = await nodes[1].get(`/v1/documents/${id}/content`, { range: 'bytes=1048000-1049000' });
    assert.ok(range.bytes.equals(bytes.subarray(1_048_000, 1_049_001)));
    await nodes[1].call('DELETE', `/v1/documents/${id}?permanent=true`);
    for (const node of nodes) assert.equal((await node.get(`/v1/documents/${id}/content`)).code, 'document_not_found');
    await until(async () => ((await quota(nodes[0])).bytes_used === before.bytes_used ? true : undefined), 'room');
    assert.deepEqual(
      (await cluster.stored.list('users')).filter((path) => path.includes(id)),
      [],
    );
  });
});
