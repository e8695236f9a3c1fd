import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { slow, slowFirst } from '../scripts/test/slow-first.ts';
import { repository } from './support/server.ts';

test('files that begin first are there, and the others keep their order', () => {
  assert.deepEqual(
    slow.filter((file) => !existsSync(join(repository, file))),
    [],
  );
  const [longest = '', second = ''] = slow;
  assert.deepEqual(slowFirst(['a', second, 'b', longest, 'c']), [longest, second, 'a', 'b', 'c']);
});
