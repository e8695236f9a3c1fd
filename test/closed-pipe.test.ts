import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { main } from './support/server.ts';

test('somebody who reads no further, as head, ends no command and sees no stack', async () => {
  const child = spawn(process.execPath, [main, 'record', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  // Closed before the first line is written.
  child.stdout.destroy();
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  assert.deepEqual([said, code], ['', 0]);
});
