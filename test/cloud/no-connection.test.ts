/** Seen from the system: to an address that is refused not even a connection is tried. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openWorld } from '../http/support/world.ts';
import { lacks } from '../support/needs.ts';
import { cloudSettings, connect, connectionsPath } from './support.ts';

const refused = [
  ...[
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '168.63.129.16',
    '0.0.0.0',
    '224.0.0.1',
  ],
  ...['2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '169.254.43518', '2130706433', '127.1'],
  ...['[::1]', '[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', '[64:ff9b::a9fe:a9fe]', '[2002:a9fe:a9fe::1]'],
  ...['[fd00:ec2::254]', '[fe80::1]', '[fec0::1]', '[2001::1]', '[::]'],
];

test('no address of the corpus gets a connect(), of the server or of its SDK', async (t) => {
  if (lacks(t, 'strace')) return;
  const { SAFE_CLOUD_ALLOWED_HOSTS: _, ...settings } = cloudSettings;
  const world = await openWorld('cloud-no-connection', settings);
  const { ada } = world;
  const trace = join(world.server.dataDir, 'trace');
  const strace = spawn('strace', ['-f', '-e', 'trace=connect', '-o', trace, '-p', `${world.server.pid}`]);
  const ended = once(strace, 'close');
  await new Promise<void>((resolve) => {
    strace.stderr.on('data', (data: Buffer) => data.includes('attached') && resolve());
  });
  const kinds = {
    webdav: { kind: 'webdav', username: 'a', password: 'b' },
    s3: { kind: 's3', bucket: 'papers', access_key_id: 'a', secret_access_key: 'b' },
  };
  for (const [i, host] of refused.entries())
    for (const [kind, fields] of Object.entries(kinds))
      for (const scheme of ['https', 'http']) {
        const id = await connect(ada, { ...fields, name: `${kind} ${scheme} ${i}`, endpoint: `${scheme}://${host}` });
        const answer = await ada.post(`${connectionsPath}/${id}/test`);
        assert.equal(answer.code, 'connection_address_refused', `${kind} ${scheme} ${host}`);
        await ada.call('DELETE', `${connectionsPath}/${id}`);
      }
  assert.deepEqual(callsIn(trace), []);
  // The trace would show one.
  const id = await connect(ada, { ...kinds.webdav, name: 'open', endpoint: 'https://8.8.8.8:9' });
  const answer = ada.post(`${connectionsPath}/${id}/test`);
  const end = Date.now() + 10_000;
  while (callsIn(trace).length === 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.match(callsIn(trace).join('\n'), /8\.8\.8\.8/);
  // Nobody answers there, or nothing leads there.
  assert.equal((await answer).code, 'connection_failed');
  await world.close();
  await ended;
});

/** To other machines, or to this one over the network. */
function callsIn(trace: string): string[] {
  return readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => /connect\(\d+, \{sa_family=AF_INET6?,/.test(line));
}
