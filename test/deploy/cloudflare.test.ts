import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lineageSettings } from '#features/lineage/portable/index.ts';
import { deployed } from '../lineage/homes/homes.ts';
import { repository } from '../support/server.ts';

const file = (name: string) => readFileSync(join(repository, 'deploy/cloudflare', name), 'utf8');

test('what the Worker is deployed with is what it reads, and the page beside it says the same', () => {
  const [wrangler, readme] = [file('wrangler.toml'), file('README.md')];
  assert.equal(deployed('binding'), 'RECORDS');
  assert.equal(deployed('main'), '../../dist/worker/worker.js');
  const variables = [...wrangler.matchAll(/^(STRICTURE_SERVER_[A-Z_]+) = "([^"]*)"$/gm)];
  assert.ok(variables.length > 0);
  for (const [, name = '', value = ''] of variables) {
    const setting = Object.values(lineageSettings).find(({ env }) => env === name);
    assert.notEqual(setting?.parse(value), undefined, name);
    assert.equal(value, setting?.default, `${name}: the default, so that homes agree`);
    assert.ok(readme.includes(`\`${name}\``), name);
  }
  const cron = /^crons = \["([^"]+)"\]$/m.exec(wrangler)?.[1];
  assert.ok(cron !== undefined && readme.includes(`\`${cron}\``));
  assert.equal(/^[A-Z_]*(TOKEN|SECRET|KEY)[A-Z_]* =/m.test(wrangler), false);
});

test('a Worker that needs something of Node is not built', () => {
  const build = (...args: string[]) =>
    spawnSync(process.execPath, ['scripts/build-worker.ts', ...args], { cwd: repository, encoding: 'utf8' });
  const refused = build('--identity', 'test/lineage/homes/identity-of-node.ts');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /node:crypto/);
  assert.equal(build().status, 64);
});
