/** What `proofline doctor` says of settings about relays that do not fit together, on either side. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadConfig } from '#compose/config.ts';
import { diagnoseRelays } from '#compose/diagnose-relay.ts';
import type { Diagnosis } from '#compose/diagnosis.ts';
import { cli, scratchFolder } from '../support/server.ts';
import { newRelayKey, writeKeySet } from './support/relay-keys.ts';
import { staticToken } from './support/relay-process.ts';

const folder = scratchFolder('relay-doctor');
const inFolder = (name: string) => join(folder.path, name);
before(async () => {
  const key = await newRelayKey('north');
  writeKeySet(inFolder('keys.json'), [key]);
  writeKeySet(inFolder('nobody.json'), []);
  writeFileSync(inFolder('broken.json'), '{');
  writeFileSync(inFolder('private.jwk'), JSON.stringify(key.privateJwk));
});
after(() => folder.remove());

async function diagnosed(env: Record<string, string>): Promise<Diagnosis[]> {
  const { config } = loadConfig({ environment: env });
  return await Array.fromAsync(diagnoseRelays(config));
}

const listener = { SAFE_RELAY_API_BIND_ADDRS: '127.0.0.1:8443' };
const elsewhere = { SAFE_RELAY_API_BIND_ADDRS: '10.0.0.5:8443' };
const url = { SAFE_RELAY_URL: 'https://relay.example.org' };
const keys = (name: string) => ({ SAFE_RELAY_PUBLIC_KEYS_FILE: inFolder(name) });
const token = { SAFE_RELAY_STATIC_TOKEN: staticToken };
const core = { SAFE_RELAY_CORE_URL: 'https://core.example.org:8443' };
const key = (name: string) => ({ SAFE_RELAY_PRIVATE_KEY_FILE: inFolder(name) });

type Case = [env: Record<string, string>, ...expected: [check: string, state: string, found: RegExp][]];
const cases: Record<string, Case> = {
  nothing: [{}, ['relays', 'ok', /^none reach/]],
  'both sides whole': [
    { ...elsewhere, ...url, ...keys('keys.json'), ...core, ...key('private.jwk') },
    ['relays', 'ok', /^1 public key$/],
    ['as a relay', 'ok', /prove itself/],
  ],
  'an address and keys without a listener': [
    { ...url, ...keys('keys.json') },
    ['relays', 'note', /SAFE_RELAY_URL and SAFE_RELAY_PUBLIC_KEYS_FILE/],
  ],
  'a listener without keys': [{ ...listener, ...url }, ['relays', 'bad', /no relay could prove/]],
  'a listener without an address': [
    { ...listener, ...keys('keys.json') },
    ['relays', 'ok', /1 public key/],
    ['relay address', 'bad', /SAFE_RELAY_URL is not set/],
  ],
  'an address in clear': [
    { ...listener, ...keys('keys.json'), SAFE_RELAY_URL: 'http://relay.example.org' },
    ['relays', 'ok', /1 public key/],
    ['relay address', 'bad', /in clear/],
  ],
  'an address in clear on this machine': [
    { ...listener, ...token, SAFE_RELAY_URL: 'http://[::1]:8082' },
    ['relays', 'ok', /static token, on loopback/],
  ],
  'a keys file that is not there': [
    { ...listener, ...url, ...keys('gone.json') },
    ['relays', 'bad', /KEYS_FILE names/],
  ],
  'a keys file of something else': [
    { ...listener, ...url, ...keys('broken.json') },
    ['relays', 'bad', /KEYS_FILE names/],
  ],
  'a keys file without keys': [{ ...listener, ...url, ...keys('nobody.json') }, ['relays', 'bad', /has no key/]],
  'a static token for other machines': [
    { ...elsewhere, ...url, ...token },
    ['relays', 'bad', /SAFE_RELAY_STATIC_TOKEN is for development/],
  ],
  'a relay without its server': [
    key('private.jwk'),
    ['relays', 'ok', /^none/],
    ['as a relay', 'bad', /CORE_URL is not set/],
  ],
  'a relay without a key': [core, ['relays', 'ok', /^none/], ['as a relay', 'bad', /cannot prove itself/]],
  'a relay with a key of something else': [
    { ...core, ...key('broken.json') },
    ['relays', 'ok', /^none/],
    ['as a relay', 'bad', /SAFE_RELAY_PRIVATE_KEY_FILE/],
  ],
  'a relay with a token for another machine': [
    { ...core, ...token },
    ['relays', 'ok', /^none/],
    ['as a relay', 'bad', /not on loopback/],
  ],
  'a relay that speaks in clear': [
    { SAFE_RELAY_CORE_URL: 'http://core.example.org:8443', ...key('private.jwk') },
    ['relays', 'ok', /^none/],
    ['as a relay', 'note', /http:/],
  ],
};

for (const [name, [env, ...expected]] of Object.entries(cases))
  test(`${name}: said in words, without a secret or a path`, async () => {
    const lines = await diagnosed(env);
    const all = JSON.stringify(lines);
    assert.deepEqual(
      lines.map(({ check, state }) => [check, state]),
      expected.map(([check, state]) => [check, state]),
      all,
    );
    for (const [n, [, state, found]] of expected.entries()) {
      assert.match(lines[n]?.found ?? '', found);
      assert.equal(lines[n]?.remedy === undefined, state === 'ok', 'a remedy for whatever is not ok');
    }
    assert.ok(!all.includes(staticToken) && !all.includes(folder.path), all);
  });

test('the command says so too, and its exit code is that of something bad', async () => {
  const { code, stdout } = await cli(['doctor'], { SAFE_DATA_DIR: inFolder('none'), ...listener, ...url });
  assert.equal(code, 1, stdout);
  assert.match(
    stdout,
    /^BAD {3}relays +SAFE_RELAY_API_BIND_ADDRS is set, but no relay could prove to be one\.\n +Set /m,
  );
});
