import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { identitySettings, lineageSettings } from '#features/lineage/portable/index.ts';
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
    const settings = Object.values({ ...lineageSettings, ...identitySettings });
    const setting = settings.find(({ env }) => env === name);
    assert.notEqual(setting?.parse(value), undefined, name);
    // Who may do what has no default; all else is as in the other homes.
    if (setting !== identitySettings.mode) assert.equal(value, setting?.default, name);
    assert.ok(readme.includes(`\`${name}\``), name);
  }
  const cron = /^crons = \["([^"]+)"\]$/m.exec(wrangler)?.[1];
  assert.ok(cron !== undefined && readme.includes(`\`${cron}\``));
  assert.equal(/^[A-Z_]*(TOKEN|SECRET|KEY)[A-Z_]* =/m.test(wrangler), false);
});
