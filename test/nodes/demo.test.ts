import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { lacks } from '../support/needs.ts';
import { cli, repository, scratchFolder } from '../support/server.ts';
import { clusterNeeds } from './cluster.ts';

/** `npm run demo -- --cluster`. */
const folder = scratchFolder('demo');
after(() => folder.remove());

function demo(environment: Record<string, string>): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const env = { ...process.env, ...environment, NODE_TEST_CONTEXT: undefined };
  const script = join(repository, 'scripts/demo.ts');
  return new Promise((resolve) => {
    execFile(process.execPath, [script, '--cluster', '--exit'], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

test('the demo goes on at the other node when one is killed, and its bundle verifies', async (t) => {
  if (lacks(t, ...clusterNeeds('versitygw'))) return;
  const { code, stderr, stdout } = await demo({});
  assert.equal(code, 0, stdout + stderr);
  for (const line of [
    /Starting {2}PostgreSQL, an S3 store, Valkey or Redis\n/,
    / {2}node-a was killed \(kill -9\); the recording goes on at node-b\n/,
    /verified: manifest, hashes, order and decryption/,
    /equal to what was recorded, byte for byte/,
    /12 chunks, 1 lost answer mended, 1 replay, 1 node of 2 killed; the bundle is node-b's\./,
  ])
    assert.match(stdout, line);
});

test('what it lacks it says in one line, with how to get it', async () => {
  const bare = { PATH: dirname(process.execPath), XDG_CACHE_HOME: folder.path, SAFE_POSTGRES_DSN: 'postgresql://db/x' };
  const { code, stderr, stdout } = await demo(bare);
  assert.deepEqual([code, stdout, stderr.trim().split('\n').length], [69, '', 1]);
  assert.match(
    stderr,
    /an S3 store: versitygw \(.+\) or radosgw \(.+\), or set SAFE_S3_BUCKET to one of yours; Valkey/,
  );
  assert.doesNotMatch(stderr, /PostgreSQL/);
});

test('without the checkout it takes servers from the settings, and says so', async () => {
  const { code, stderr } = await cli(['demo', '--cluster', '--exit'], { SAFE_METADATA_BACKEND: 'sqlite' });
  assert.equal(code, 78);
  assert.match(stderr, /SAFE_POSTGRES_DSN; SAFE_BLOB_BACKEND=s3 and SAFE_S3_…; SAFE_COORDINATION_BACKEND=valkey/);
  assert.match(stderr, /npm run demo -- --cluster starts local servers by itself/);
});
