import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '../http/support/world.ts';
import { lacks } from '../support/needs.ts';
import { head, openRaw } from '../support/raw-request.ts';
import { scratchFolder } from '../support/server.ts';
import { openMountSpace } from '../support/volume.ts';
import { isPreflight, startCoreDouble } from './support/core-double.ts';
import { send, startRelay, upload } from './support/relay-process.ts';

const mib = 1024 * 1024;

test('a disk that is full refuses before the body, forwards nothing, and heals by itself', async (t) => {
  if (lacks(t, 'root', 'unshare', 'mount', 'perl')) return;
  const space = await openMountSpace();
  t.after(() => space.close());
  const disk = await space.tmpfs('relay', 'size=16m');
  const core = await startCoreDouble();
  t.after(() => core.close());
  const scratch = scratchFolder('relay-full');
  t.after(scratch.remove);
  const relay = await startRelay({
    folder: scratch.path,
    coreUrl: core.url,
    wrapper: space.wrapper,
    env: {
      SAFE_RELAY_STAGING_DIR: disk,
      SAFE_RELAY_STAGING_MEMORY_BYTES: '0',
      SAFE_RELAY_MAX_UPLOADS_PER_CLIENT: '100',
    },
  });
  t.after(() => relay.stop());
  const ready = async () =>
    (await (await fetch(`${relay.url}/health/ready`)).json()) as { checks: { staging: string } };
  // A body goes a moment after the answer.
  const nothingLeft = () =>
    until(() => readdirSync(`${space.seen(disk)}/bodies`).length === 0 || undefined, 'bodies removed');

  const big = upload({ body: randomBytes(5 * mib) });
  assert.equal((await send(relay.url, big)).status, 201);
  assert.equal((await ready()).checks.staging, 'ok');

  // Three at once that would fit one by one: what was promised to one is not promised to the next.
  const held = [];
  for (const n of [1, 2, 3]) {
    const chunk = upload({ body: Buffer.alloc(5 * mib), index: n });
    const raw = await openRaw(relay.url);
    raw.send(
      head('PUT', chunk.path, { ...chunk.headers, 'content-length': chunk.body.length, expect: '100-continue' }),
    );
    held.push({ raw, chunk });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal((await held[2]?.raw.answer(2_000))?.status, 507);
  assert.ok((held[2]?.raw.socket.bytesWritten ?? 0) < 1_000, 'only the head was sent');
  for (const { raw, chunk } of held.slice(0, 2)) {
    raw.send(chunk.body);
    assert.equal((await raw.answer())?.status, 201);
    raw.reset();
  }

  await nothingLeft();
  await space.run('dd', 'if=/dev/zero', `of=${disk}/fill`, 'bs=1M', 'count=13', 'status=none');
  const before = core.calls.filter((call) => !isPreflight(call)).length;
  const raw = await openRaw(relay.url);
  const chunk = upload({ body: Buffer.alloc(5 * mib) });
  raw.send(head('PUT', chunk.path, { ...chunk.headers, 'content-length': chunk.body.length, expect: '100-continue' }));
  const answer = await raw.answer(5_000);
  assert.equal(answer?.status, 507);
  assert.match(answer?.body ?? '', /storage_full/);
  assert.ok(raw.socket.bytesWritten < 1_000);
  raw.reset();
  assert.equal((await fetch(`${relay.url}/health/ready`)).status, 503);
  assert.equal((await ready()).checks.staging, 'full');
  assert.equal(core.calls.filter((call) => !isPreflight(call)).length, before, 'nothing was forwarded');

  await space.run('rm', `${disk}/fill`);
  assert.equal((await send(relay.url, upload({ body: randomBytes(5 * mib) }))).status, 201);
  assert.equal((await ready()).checks.staging, 'ok');
  await nothingLeft();
});

test('what a relay that was killed left staged is gone after the next start, and its quota is the whole one', async (t) => {
  const core = await startCoreDouble();
  t.after(() => core.close());
  const scratch = scratchFolder('relay-killed');
  t.after(scratch.remove);
  const env = { SAFE_RELAY_STAGING_MEMORY_BYTES: '0', SAFE_RELAY_STAGING_QUOTA_BYTES: String(6 * mib) };
  const start = () => startRelay({ folder: scratch.path, coreUrl: core.url, env });
  const bodies = () => readdirSync(`${scratch.path}/relay/bodies`).length;
  const first = await start();
  const chunk = upload({ body: Buffer.alloc(5 * mib) });
  const raw = await openRaw(first.url);
  raw.send(head('PUT', chunk.path, { ...chunk.headers, 'content-length': chunk.body.length }));
  raw.send(chunk.body.subarray(0, 3 * mib));
  while (bodies() === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const refused = await send(first.url, upload({ body: randomBytes(5 * mib) }));
  assert.deepEqual([refused.status, refused.code], [507, 'staging_full']);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  await first.kill();
  raw.reset();
  assert.equal(bodies(), 1);
  const next = await start();
  t.after(() => next.stop());
  assert.equal(bodies(), 0);
  assert.equal((await send(next.url, upload({ body: randomBytes(5 * mib) }))).status, 201);
});

test('two relays on one folder: the second does not start', async (t) => {
  const core = await startCoreDouble();
  t.after(() => core.close());
  const scratch = scratchFolder('relay-twice');
  t.after(scratch.remove);
  const first = await startRelay({ folder: scratch.path, coreUrl: core.url });
  t.after(() => first.stop());
  await assert.rejects(startRelay({ folder: scratch.path, coreUrl: core.url }), /Another relay runs on this/);
});
