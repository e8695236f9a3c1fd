import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { identitySettings } from '../identity.config.ts';
import { publicGithub } from './github-pin.ts';
import { parseRules } from './parse-rules.ts';

const page = readFileSync(new URL('../../../../../docs/operations/lineage-identity.md', import.meta.url), 'utf8');

test('the rules that operators are shown are good rules', () => {
  const blocks = [...page.matchAll(/^ {4}\[\n(?: {4}.*\n)*? {4}\]$/gm)].map(([block]) => block);
  const inline = [...page.matchAll(/STRICTURE_SERVER_RULES=(\[.*\])$/gm)].map(([, text = '']) => text);
  assert.deepEqual([blocks.length, inline.length], [3, 1]);
  const isOfGithub = (text: string) => text.includes('"repository');
  assert.equal(blocks.filter(isOfGithub).length, 2);
  for (const text of [...blocks, ...inline])
    assert.ok(parseRules(text, [isOfGithub(text) ? publicGithub : 'https://id.example.org']).length > 0);
});

test('the settings that operators are shown exist', () => {
  const known = Object.values(identitySettings).flatMap(({ env }) => [env, `${env}_FILE`]);
  const shown = [...page.matchAll(/STRICTURE_SERVER_[A-Z_]+/g)].map(([name]) => name);
  assert.ok(shown.length > 20);
  assert.deepEqual(
    shown.filter((name) => !known.includes(name)),
    [],
  );
});
