import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { hashPeer } from '#http/rate-limits.ts';
import { until } from '../http/support/world.ts';
import { lacks } from '../support/needs.ts';
import { cli } from '../support/server.ts';
import { startRedis } from '../support/services/redis.ts';
import { openEdge } from './support/edge.ts';
import { send, upload } from './support/relay-process.ts';

// Two relays on one Valkey: what one counts, the other knows. And nothing that they hold, write or say tells whose it is.
const counterSecret = randomBytes(32).toString('base64url');

async function openTwo(t: TestContext, relayEnv: Record<string, string> = {}) {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const edge = await openEdge('counters', {
    relayEnv: {
      SAFE_COORDINATION_BACKEND: 'valkey',
      SAFE_VALKEY_ADDR: `127.0.0.1:${redis.port}`,
      SAFE_RELAY_COUNTER_SECRET: counterSecret,
      SAFE_RELAY_DENIALS: '3',
      SAFE_LOG_LEVEL: 'debug',
      ...relayEnv,
    },
  });
  t.after(() => edge.close());
  return { redis, edge, urls: [edge.relay.url, (await edge.another()).url] as const };
}

test('denials of one relay throttle a credential at the other, before the core is asked', async (t) => {
  if (lacks(t, 'valkey')) return;
  const { edge, urls, redis } = await openTwo(t);
  const place = await edge.openStream();
  const bad = () => upload({ ...place, capability: 'a-capability-that-never-was' });
  const asked = () => edge.world.server.log().split('/preflight"').length - 1;
  for (const url of [urls[0], urls[1], urls[0]])
    assert.equal((await send(url, bad())).code, 'relay_capability_invalid');
  // The log comes a moment after the answer.
  const before = await until(() => (asked() >= 3 ? asked() : undefined), 'the three questions on the log');
  for (const url of urls) {
    const refused = await send(url, bad());
    assert.deepEqual([refused.status, refused.code], [429, 'rate_limited']);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
  }
  assert.equal(asked(), before);
  const good = await edge.capability(place);
  assert.equal((await send(urls[1], upload({ ...place, capability: good }))).status, 201, 'another credential');

  // Where nobody can count, nobody is let through.
  redis.pause();
  t.after(() => redis.resume());
  const refused = await send(urls[0], upload({ ...place, index: 2, capability: good }));
  assert.deepEqual([refused.status, refused.code], [503, 'rate_limit_unavailable']);
});

test('requests of an address are counted together', async (t) => {
  if (lacks(t, 'valkey')) return;
  const { edge, urls } = await openTwo(t, {
    SAFE_RELAY_RATE_LIMIT_ENABLED: 'true',
    SAFE_RELAY_RATE_LIMIT_UPLOAD: '6',
    SAFE_RELAY_DENIALS: '100',
  });
  const place = await edge.openStream();
  const answers = [];
  for (let n = 0; n < 8; n++) answers.push((await send(urls[n % 2] ?? '', upload({ ...place }))).status);
  assert.deepEqual(answers, [401, 401, 401, 401, 401, 401, 429, 429]);
});

test('nothing that says whose it is in logs, metrics, readiness, or the keys of Valkey', async (t) => {
  if (lacks(t, 'valkey')) return;
  const { edge, urls, redis } = await openTwo(t, { SAFE_RELAY_RATE_LIMIT_ENABLED: 'true' });
  const place = await edge.openStream();
  const capability = await edge.capability(place);
  const reader = await edge.capability(place, { kind: 'fanout' });
  const idempotencyKey = 'a-key-of-the-client';
  const headers = { 'idempotency-key': idempotencyKey, 'proofline-context-digest': 'no digest' };
  const big = randomBytes(2_000_000);
  const { path } = upload(place);
  for (const url of urls) {
    await send(url, upload({ ...place, index: 1, capability, headers: { 'idempotency-key': idempotencyKey } }));
    await send(url, upload({ ...place, index: 2, capability, body: big }));
    await send(url, upload({ ...place, index: 3, capability, headers }));
    await send(url, { ...upload({ ...place, index: 4, capability }), body: big });
    await send(url, upload({ ...place, index: 5, capability: `${capability}x` }));
    await fetch(`${url}${path.replace(/chunks.*/, 'live/1')}`, { headers: { authorization: `Bearer ${reader}` } });
    await fetch(`${url}${path}?capability=${capability}`, { method: 'PUT', body: 'x' }).catch(() => undefined);
  }
  edge.world.server.process.kill('SIGSTOP');
  await send(urls[0], upload({ ...place, index: 6, capability }));
  edge.world.server.process.kill('SIGCONT');
  const keys = await redis.command('KEYS', '*');
  assert.ok(Array.isArray(keys) && keys.length > 3);
  const metrics = await (await fetch(`${edge.relay.adminUrl}/metrics`)).text();
  const ready = await (await fetch(`${edge.relay.url}/health/ready`)).text();
  const seen = { log: edge.relay.log(), metrics, ready, keys: keys.join('\n') };
  assert.match(seen.log, /relay_core_unavailable/);
  assert.match(seen.metrics, /proofline_relay_staged_bytes \d/);
  const { pathname } = new URL(edge.folder, 'file:');
  const secrets = {
    capability,
    reader,
    incident: place.incidentId,
    stream: place.streamId,
    idempotencyKey,
    counterSecret,
    'the private key': String(edge.key.privateJwk.d),
    'the core': new URL(edge.world.server.relayApiUrl).host,
    'a folder': pathname,
  };
  for (const [where, text] of Object.entries(seen))
    for (const [what, secret] of Object.entries(secrets)) assert.ok(!text.includes(secret), `${what} is in ${where}`);
  // The peer is in the log as a hash, and in Valkey as a hash of that.
  assert.ok(seen.log.includes(hashPeer('127.0.0.1')) && !seen.keys.includes(hashPeer('127.0.0.1')));
});

test('relays that share a Valkey must share a secret: one without does not start', async (t) => {
  if (lacks(t, 'valkey')) return;
  const redis = await startRedis();
  t.after(() => redis.stop());
  const result = await cli(['relay'], {
    SAFE_COORDINATION_BACKEND: 'valkey',
    SAFE_VALKEY_ADDR: `127.0.0.1:${redis.port}`,
    SAFE_RELAY_CORE_URL: 'http://127.0.0.1:9',
    SAFE_RELAY_STATIC_TOKEN: 'a token for tests that is long enough',
  });
  assert.equal(result.code, 78);
  assert.match(result.stderr, /SAFE_RELAY_COUNTER_SECRET/);
});
