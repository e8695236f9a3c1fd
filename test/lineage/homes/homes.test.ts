import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { readRunRequest } from '#features/lineage/record/run-request.ts';
import { sealRun } from '#features/lineage/record/seal-run.ts';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import { openS3ObjectStore } from '#platform/objects/s3/open-s3-object-store.ts';
import { lacks } from '../../support/needs.ts';
import { startRadosgw } from '../../support/services/radosgw.ts';
import { s3Access, type TestS3 } from '../../support/services/s3-server.ts';
import { nodeServer, type Policy, type RunningHome, workerd } from './homes.ts';
import { type Heard, runScript } from './http-script.ts';
import { ingestToken } from './token-identity.ts';

const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing.reverse()) await close();
});

let radosgw: Promise<TestS3 & RunningHome> | undefined;

async function opened<H extends RunningHome>(home: Promise<H>): Promise<H> {
  const running = await home;
  closing.push(() => running.close());
  return running;
}

for (const policy of ['reject', 'noop'] satisfies Policy[])
  describe(`lineage answers the same in every home, collisions: ${policy}`, () => {
    let onNode: Heard[] = [];

    test('on Node, in memory', async () => {
      const home = await opened(nodeServer(new MemoryObjectStore(), policy));
      onNode = await runScript(home.base, policy);
      assert.ok(onNode.length > 60);
    });

    test('in workerd, on R2', async () => {
      const home = await opened(workerd({ STRICTURE_SERVER_COLLISION_POLICY: policy }));
      assert.deepEqual(await runScript(home.base, policy), onNode);
      const said = home.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.equal(said.filter(({ msg }) => msg === 'request').length, onNode.length);
      assert.ok(said.some(({ msg, outcome }) => msg === 'audit' && outcome === 'created'));
      assert.ok(said.some(({ msg, outcome }) => msg === 'audit' && outcome === 'authentication_required'));
      assert.equal(home.lines.join('\n').includes(ingestToken), false);
    });

    test('on Node, on radosgw', async (t) => {
      if (lacks(t, 'radosgw')) return;
      radosgw ??= opened(startRadosgw().then((server) => ({ ...server, base: server.endpoint, close: server.stop })));
      const server = await radosgw;
      const access = s3Access(server.endpoint);
      const objects = await openS3ObjectStore({ access, bucket: await server.createBucket(), prefix: 'strict' });
      const home = await opened(nodeServer(objects, policy));
      assert.deepEqual(await runScript(home.base, policy), onNode);
    });
  });

test('the same request at the same time makes the same record in workerd and on Node', async () => {
  const home = await opened(workerd({}));
  const bodies = [
    '{"organization":"Ä Acme","project":"p","service":"s","run_id":"a","artifact":{"n":1.0,"e":1E+2,"t":"\\u00e9 ü \\ud83d\\ude00 😀"}}',
    '{ "service":"s", "project":"p", "organization":"acme", "run_id":"b", "generated_at":"2026-01-02T03:04:05+02:00",\n\t"artifact": [ 1, 2 ], "diff":{"impact":"downstream"}, "summary":"s", "metadata":{"k":"\\n"}, "commit_sha":"abc" }',
  ];
  for (const text of bodies) {
    const body = new TextEncoder().encode(text);
    const headers = { Authorization: `Bearer ${ingestToken}` };
    const posted = await fetch(`${home.base}/v1/artifacts`, { method: 'POST', headers, body });
    assert.equal(posted.status, 202);
    const { location, run_id } = (await posted.json()) as { location: string; run_id: string };
    const got = await fetch(`${home.base}${location}`, { headers });
    const record = new Uint8Array(await got.arrayBuffer());
    const { received_at } = JSON.parse(new TextDecoder().decode(record)) as { received_at: string };
    const sealed = await sealRun({ ...readRunRequest(body), run_id }, received_at);
    assert.deepEqual(record, sealed.payload);
    assert.equal(got.headers.get('etag'), `"${sealed.line.sha256}"`);
    const { objects } = await home.bucket.list({ prefix: 'strict/v1/', include: ['customMetadata'] });
    const kept = objects.find(({ key }) => key.endsWith(`/run=${run_id}/payload.json`));
    assert.equal(kept?.customMetadata?.sha256, sealed.line.sha256);
  }
});

test('a Worker that is set wrongly refuses everything, and says in its log which variable', async () => {
  const home = await opened(workerd({ STRICTURE_SERVER_COLLISION_POLICY: 'overwrite-please' }));
  const answer = await fetch(`${home.base}/healthz`);
  assert.equal(answer.status, 500);
  assert.equal((await answer.text()).includes('COLLISION'), false);
  const log = home.lines.join('\n');
  assert.match(log, /STRICTURE_SERVER_COLLISION_POLICY must be/);
  assert.equal(log.includes('overwrite-please'), false);
});
