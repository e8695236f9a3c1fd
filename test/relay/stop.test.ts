import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { until } from '../http/support/world.ts';
import { head, openRaw } from '../support/raw-request.ts';
import { scratchFolder } from '../support/server.ts';
import { type CoreDouble, startCoreDouble } from './support/core-double.ts';
import { startRelay, upload } from './support/relay-process.ts';

const folder = scratchFolder('relay-stop');
let core: CoreDouble;
before(async () => {
  core = await startCoreDouble();
});
after(() => {
  core.close();
  folder.remove();
});

/** An upload of which half has been sent when the relay is told to end. */
async function halfWay(name: string, deadline: string) {
  const env = { SAFE_SHUTDOWN_DEADLINE: deadline };
  const relay = await startRelay({ folder: `${folder.path}/${name}`, coreUrl: core.url, env });
  const { path, headers, body } = upload({ body: randomBytes(100_000) });
  const raw = await openRaw(relay.url);
  raw.send(head('PUT', path, { ...headers, 'content-length': body.length }));
  raw.send(body.subarray(0, 50_000));
  await until(() => core.calls.some((call) => call.path.startsWith(path)) || undefined, 'the preflight');
  const ended = relay.stop();
  return { raw, rest: body.subarray(50_000), ended, relay };
}

test('a chunk that is on its way when the relay is told to end still gets there', async () => {
  const { raw, rest, ended, relay } = await halfWay('patient', '20s');
  await assert.rejects(fetch(`${relay.url}/readyz`), 'nobody else is let in');
  raw.send(rest);
  assert.equal((await raw.answer())?.status, 201);
  raw.fin();
  assert.equal(await ended, 0, relay.log());
});

test('one whose rest never comes holds the end up to the deadline, and no longer', async () => {
  const began = performance.now();
  const { raw, ended, relay } = await halfWay('due', '1s');
  assert.equal(await ended, 0, relay.log());
  assert.ok(performance.now() - began < 10_000);
  assert.notEqual((await raw.answer())?.status, 201);
});
