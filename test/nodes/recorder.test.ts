import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startBalancer } from '#cli/demo/cluster/balancer.ts';
import { generatedBytes } from '#recorder/sources/generated.ts';
import { api } from '../support/api.ts';
import { listRows } from '../support/ledger.ts';
import { lacks } from '../support/needs.ts';
import { startRecorder } from '../support/recorder.ts';
import { adminPassword, cli, scratchFolder } from '../support/server.ts';
import { clusterNeeds, startCluster } from './cluster.ts';

/** A real recorder before a balancer, and one of the two nodes behind it dies while it records. */
const segments = 24;
const size = 40_000;

test('a recording goes on while a node is killed; its bundle verifies and decrypts to what was recorded', async (t) => {
  if (lacks(t, ...clusterNeeds('versitygw'))) return;
  const folder = scratchFolder('recorder-nodes');
  const cluster = await startCluster('versitygw');
  after(async () => {
    await cluster.stop();
    folder.remove();
  });
  const [doomed, survivor] = cluster.nodes;
  const balancer = await startBalancer(
    cluster.nodes.map(({ server: { adminUrl, url } }) => ({
      port: Number(new URL(url).port),
      readyUrl: `${adminUrl}/admin/health/ready`,
    })),
  );
  const state = join(folder.path, 'state');
  const source = ['--generate', `${segments}x${size}`, '--every', '60ms', '--close', '--state', state];
  const recorder = startRecorder([...source, '--username', 'ada', '--server', balancer.url], {
    PROOFLINE_PASSWORD: adminPassword,
  });
  await recorder.accepted(8);
  await doomed.server.kill();
  assert.equal(await recorder.ended, 0, recorder.stderr() + JSON.stringify(recorder.events.slice(-3)));
  assert.equal(recorder.events.filter(({ event }) => event === 'accepted').length, segments);
  await balancer.stop();

  const { incident_id: incidentId } = JSON.parse(readFileSync(join(state, 'recording.json'), 'utf8'));
  const { token, url } = api(survivor.server.url, cluster.token);
  const response = await fetch(`${url}/v1/incidents/${incidentId}/download`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(response.status, 200);
  const bundle = join(folder.path, 'incident.zip');
  writeFileSync(bundle, Buffer.from(await response.arrayBuffer()));
  const out = join(folder.path, 'media');
  const verified = await cli(['verify', bundle, '--key-file', join(state, 'key.json'), '--out', out]);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const [name = ''] = readdirSync(out);
  const recorded = Array.from({ length: segments }, (_, i) => generatedBytes(1, i + 1, size));
  assert.ok(readFileSync(join(out, name)).equals(Buffer.concat(recorded)), 'byte for byte');
  assert.equal((await listRows(api(url, token), incidentId)).length, segments, 'none doubled');
});
