import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeCertificate } from '../deploy/support.ts';
import { lacks } from '../support/needs.ts';
import { cli, scratchFolder } from '../support/server.ts';
import { newRelayKey } from './support/relay-keys.ts';
import { send, startRelay, staticToken, upload } from './support/relay-process.ts';

const folder = scratchFolder('relay-start');
after(() => folder.remove());

test('what keeps a relay from starting is said in words, with exit code 78 and no secret', async () => {
  const core = { SAFE_RELAY_CORE_URL: 'http://127.0.0.1:9' };
  const broken = join(folder.path, 'broken.jwk');
  writeFileSync(broken, '{"kty":"OKP"}');
  const cases: [Record<string, string>, RegExp][] = [
    [{ SAFE_RELAY_STATIC_TOKEN: staticToken }, /SAFE_RELAY_CORE_URL is not set/],
    [core, /cannot prove itself/],
    [{ ...core, SAFE_RELAY_PRIVATE_KEY_FILE: join(folder.path, 'none') }, /proofline keys relay/],
    [{ ...core, SAFE_RELAY_PRIVATE_KEY_FILE: broken }, /proofline keys relay/],
    [{ ...core, SAFE_RELAY_PRIVATE_KEY_FILE: broken, SAFE_RELAY_STATIC_TOKEN: staticToken }, /only one can be meant/],
    [{ SAFE_RELAY_CORE_URL: 'https://core.example.org', SAFE_RELAY_STATIC_TOKEN: staticToken }, /not on loopback/],
    [{ SAFE_RELAY_CORE_URL: 'https://core.example.org/path' }, /SAFE_RELAY_CORE_URL .*is not valid/],
    [
      { ...core, SAFE_RELAY_STATIC_TOKEN: staticToken, SAFE_RELAY_CORE_CA_FILE: join(folder.path, 'none') },
      /SAFE_RELAY_CORE_CA_FILE cannot be read/,
    ],
    [
      { ...core, SAFE_RELAY_STATIC_TOKEN: staticToken, SAFE_RELAY_STAGING_DIR: broken },
      /SAFE_RELAY_STAGING_DIR cannot be made/,
    ],
  ];
  await Promise.all(
    cases.map(async ([env, words]) => {
      const result = await cli(['relay'], env);
      assert.equal(result.code, 78, result.stderr);
      assert.match(result.stderr, words);
      assert.ok(!result.stderr.includes(staticToken) && !result.stderr.includes(folder.path), result.stderr);
    }),
  );
});

test('a core behind TLS is believed with an authority that the relay was given, and with no other', async (t) => {
  if (lacks(t, 'openssl')) return;
  const { certificate, key } = await makeCertificate(folder.path);
  const calls: string[] = [];
  const core = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (incoming, outgoing) => {
    calls.push(String(incoming.headers.authorization));
    outgoing.writeHead(404, { 'content-type': 'application/json' });
    outgoing.end('{"error":{"code":"stream_not_found","message":"there is none"}}');
  });
  await new Promise<void>((resolve) => core.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    core.close();
    core.closeAllConnections();
  });
  const coreUrl = `https://localhost:${(core.address() as AddressInfo).port}`; // a listening TCP server has one
  const keyFile = join(folder.path, 'key.jwk');
  writeFileSync(keyFile, JSON.stringify((await newRelayKey('north')).privateJwk));
  const env = { SAFE_RELAY_STATIC_TOKEN: '', SAFE_RELAY_PRIVATE_KEY_FILE: keyFile };
  const stranger = await startRelay({ folder: join(folder.path, 'stranger'), coreUrl, env });
  t.after(() => stranger.stop());
  assert.equal((await send(stranger.url, upload())).code, 'relay_core_unavailable');
  assert.match(stranger.log(), /DEPTH_ZERO_SELF_SIGNED_CERT/);
  assert.deepEqual(calls, []);

  const withCa = { ...env, SAFE_RELAY_CORE_CA_FILE: certificate };
  const friend = await startRelay({ folder: join(folder.path, 'friend'), coreUrl, env: withCa });
  t.after(() => friend.stop());
  for (let n = 0; n < 3; n++) assert.equal((await send(friend.url, upload())).code, 'stream_not_found');
  assert.equal(new Set(calls).size, 3, 'an assertion for each request');
});

test('a core on another machine without TLS is worth a warning', async (t) => {
  const keyFile = join(folder.path, 'plain.jwk');
  writeFileSync(keyFile, JSON.stringify((await newRelayKey('north')).privateJwk));
  const relay = await startRelay({
    folder: join(folder.path, 'plain'),
    coreUrl: 'http://10.0.0.5:8443',
    env: { SAFE_RELAY_STATIC_TOKEN: '', SAFE_RELAY_PRIVATE_KEY_FILE: keyFile },
  });
  t.after(() => relay.stop());
  while (!relay.log().includes('not encrypted')) await new Promise((resolve) => setTimeout(resolve, 20));
});
