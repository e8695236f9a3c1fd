import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lacks } from '../support/needs.ts';
import { repository, scratchFolder } from '../support/server.ts';
import { run } from './support.ts';

const folder = scratchFolder('systemd');
after(() => folder.remove());
const read = (name: string) => readFileSync(join(repository, 'deploy/systemd', name), 'utf8');

test('systemd takes the unit, alone and with the secrets of a cluster, and its exposure is what the docs say', async (t) => {
  if (lacks(t, 'systemd')) return;
  const unit = join(folder.path, 'proofline.service');
  writeFileSync(unit, read('proofline.service').replaceAll('/opt/proofline/', repository));
  const verify = () => run('systemd-analyze', ['verify', '--man=no', unit], { SYSTEMD_UNIT_PATH: `${folder.path}:` });
  assert.deepEqual(await verify(), { code: 0, output: '' });
  mkdirSync(`${unit}.d`);
  writeFileSync(join(`${unit}.d`, 'cluster.conf'), read('cluster.conf'));
  assert.deepEqual(await verify(), { code: 0, output: '' });
  const { output } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', unit]);
  const [, exposure = ''] = /Overall exposure level for proofline.service: ([\d.]+)/.exec(output) ?? [];
  const docs = readFileSync(join(repository, 'docs/operations/README.md'), 'utf8');
  assert.ok(
    docs.includes(`exposure of ${exposure} `),
    `docs/operations/README.md says another exposure than ${exposure}`,
  );
});

for (const [part, command] of [
  ['lineage', 'lineage serve'],
  ['worker', 'worker'],
] as const)
  test(`systemd takes the unit that runs ${command} alone`, async (t) => {
    if (lacks(t, 'systemd')) return;
    const units = join(folder.path, part);
    const unit = join(units, 'proofline.service');
    mkdirSync(`${unit}.d`, { recursive: true });
    writeFileSync(unit, read('proofline.service').replaceAll('/opt/proofline/', repository));
    writeFileSync(join(`${unit}.d`, `${part}.conf`), read(`${part}.conf`).replaceAll('/opt/proofline/', repository));
    const verified = await run('systemd-analyze', ['verify', '--man=no', unit], { SYSTEMD_UNIT_PATH: `${units}:` });
    assert.deepEqual(verified, { code: 0, output: '' });
    assert.ok(read(`${part}.conf`).includes(`\nExecStart=\nExecStart=/opt/proofline/bin/proofline ${command}\n`));
  });

test('systemd takes the unit of a vault whose settings stand in /etc/docuvault/env, for the API and for a worker', async (t) => {
  if (lacks(t, 'systemd')) return;
  const units = join(folder.path, 'docuvault');
  const unit = join(units, 'proofline.service');
  mkdirSync(`${unit}.d`, { recursive: true });
  writeFileSync(unit, read('proofline.service').replaceAll('/opt/proofline/', repository));
  for (const part of ['docuvault.conf', 'worker.conf']) {
    writeFileSync(join(`${unit}.d`, part), read(part).replaceAll('/opt/proofline/', repository));
    const verified = await run('systemd-analyze', ['verify', '--man=no', unit], { SYSTEMD_UNIT_PATH: `${units}:` });
    assert.deepEqual(verified, { code: 0, output: '' }, part);
  }
  assert.match(read('docuvault.conf'), /^EnvironmentFile=\nEnvironmentFile=\/etc\/docuvault\/env$/m);
});

test('systemd takes the unit of a relay, and its exposure is what the docs say', async (t) => {
  if (lacks(t, 'systemd')) return;
  const units = join(folder.path, 'relay');
  const unit = join(units, 'proofline-relay.service');
  mkdirSync(units);
  writeFileSync(unit, read('proofline-relay.service').replaceAll('/opt/proofline/', repository));
  const verified = await run('systemd-analyze', ['verify', '--man=no', unit], { SYSTEMD_UNIT_PATH: `${units}:` });
  assert.deepEqual(verified, { code: 0, output: '' });
  const { output } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', unit]);
  const [, exposure = ''] = /Overall exposure level for proofline-relay.service: ([\d.]+)/.exec(output) ?? [];
  const docs = readFileSync(join(repository, 'docs/operations/relay.md'), 'utf8');
  assert.ok(
    docs.includes(`exposure of ${exposure} `),
    `docs/operations/relay.md says another exposure than ${exposure}`,
  );
});

test('the settings of cluster.conf are settings', () => {
  const reference = readFileSync(join(repository, 'docs/configuration.md'), 'utf8');
  const names = [...read('cluster.conf').matchAll(/^Environment=(\w+)=/gm)].map(([, name]) => name);
  assert.equal(names.length, 4);
  for (const name of names) assert.ok(reference.includes(`\`${name}\``), name);
});
