import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isListed } from './address-rules.ts';
import { parseAllowedHosts } from './allowed-hosts.ts';

test('names, addresses and networks', () => {
  const allowed = parseAllowedHosts('Cloud.Home.Example, nas, 10.1.0.0/16,fd00:1::/32, 192.168.7.9');
  assert.deepEqual([...(allowed?.names ?? [])], ['cloud.home.example', 'nas']);
  const inside = ['10.1.255.1', 'fd00:1::9', '192.168.7.9'];
  const outside = ['10.2.0.1', 'fd00:2::9', '192.168.7.8', '8.8.8.8', 'nas'];
  if (allowed === undefined) throw new Error('not parsed');
  for (const address of inside) assert.ok(isListed(allowed.networks, address), address);
  for (const address of outside) assert.ok(!isListed(allowed.networks, address), address);
  assert.deepEqual([...(parseAllowedHosts('')?.names ?? ['?'])], []);
});

test('what is neither is refused, so that nobody believes something allowed that is not', () => {
  const wrong = ['*', '*.home', 'http://nas', 'nas:80', '10.0.0.0/33', '::/129', '10.0.0/8', '2130706433', '0x7f.1'];
  for (const text of [...wrong, 'fe80::1%eth0', '10.0.0.0/8/8', 'a b'])
    assert.equal(parseAllowedHosts(text), undefined, text);
});
