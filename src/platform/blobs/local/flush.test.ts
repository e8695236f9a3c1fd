import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Flusher } from './flush.ts';

let folder = '';
let fds: number[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proofline-flush-'));
  fds = Array.from({ length: 40 }, (_, i) => openSync(join(folder, String(i)), 'w'));
});
after(async () => {
  for (const fd of fds) closeSync(fd);
  await rm(folder, { recursive: true });
});

for (const [name, measuredMs] of [
  ['one after the other', 0],
  ['in parallel', 1000],
] as const) {
  test(`${name}: each descriptor once, and only then resolved`, async () => {
    const flusher = new Flusher(measuredMs);
    let flushed = 0;
    await flusher.flush(fds, () => {
      flushed += 1;
    });
    assert.equal(flushed, fds.length);
    await flusher.flush([], () => assert.fail());
  });

  test(`${name}: one that fails fails the set`, async () => {
    const gone = openSync(join(folder, 'gone'), 'w');
    closeSync(gone);
    await assert.rejects(
      new Flusher(measuredMs).flush([...fds.slice(0, 5), gone, ...fds.slice(5)], () => undefined),
      { code: 'EBADF' },
    );
  });
}
