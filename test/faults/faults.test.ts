import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { lacks } from '../support/needs.ts';
import { freshSeed } from '../support/random.ts';
import { fillUp } from './disk-full.ts';
import { failSyscalls } from './fault-rounds.ts';
import { watchOrder } from './order-rounds.ts';

test('every acknowledgement comes after its bytes, its name, its folder and its row are flushed', async (t) => {
  if (lacks(t, 'root', 'strace')) return;
  const found = await watchOrder({ acks: 100, seed: freshSeed() });
  assert.equal(told(found.violations), '', `seed ${found.seed}`);
  assert.equal(found.acknowledged, 100);
});

test('a system call that fails is never answered with success, and a failed flush makes the volume read-only', async (t) => {
  if (lacks(t, 'root', 'strace')) return;
  const found = await failSyscalls({
    injections: [
      { syscall: 'fsync', error: 'EIO', ordinals: 4 },
      { syscall: 'link', error: 'EIO', ordinals: 1 },
      { syscall: 'pwrite64', error: 'ENOSPC', ordinals: 1 },
      { syscall: 'write', error: 'ENOSPC', ordinals: 2 },
      { syscall: 'openat', error: 'EMFILE', ordinals: 1 },
      { syscall: 'unlink', error: 'EIO', ordinals: 1 },
    ],
  });
  t.diagnostic(`${found.rounds} faults, ${found.acknowledged} acknowledged; ${found.note}`);
  assert.equal(told(found.violations), '');
  assert.ok(found.rounds >= 8, 'the faults really happened');
});

// checkpoint: a full disk once ended the writer thread there, and nothing was accepted until a restart.
for (const shortage of ['bytes', 'inodes', 'database', 'checkpoint'] as const) {
  test(`a full disk refuses, loses nothing and heals by itself: ${shortage}`, async (t) => {
    if (lacks(t, 'root', 'unshare', 'mount', 'perl')) return;
    const found = await fillUp(shortage);
    assert.equal(told(found.violations), '');
    assert.ok(found.acknowledged > 0);
  });
}
