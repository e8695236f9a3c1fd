import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';

const child = join(import.meta.dirname, 'commit-forever.ts');

/** "path sha256 size outcome" for each blob that was confirmed before the process died. */
function killedAt(failpoint: string, dataDir: string): string[][] {
  const env = { ...process.env, PROOFLINE_FAILPOINT: failpoint };
  const { signal, stderr, stdout } = spawnSync(process.execPath, [child, dataDir], {
    env,
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.equal(signal, 'SIGKILL', `${failpoint} was never reached: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '));
}

for (const point of [
  'after-create',
  'after-write',
  'after-file-fsync',
  'after-link',
  'after-unlink',
  'after-dir-fsync',
]) {
  test(`killed ${point}: everything confirmed stands, staging is swept, and a retry ends well`, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'proofline-kill-'));
    try {
      for (const nth of [1, 2, 7, 20]) {
        const confirmed = killedAt(`${point}:${nth}`, dataDir);
        const store = await openLocalBlobStore({
          dataDir,
          stagingQuotaBytes: 2 ** 28,
          maxBodyBytes: 2 ** 26,
          stagingMaxAgeMs: -1000,
        });
        for (const [path = '', sha256Hex = '', size = ''] of confirmed) {
          assert.equal(
            await store.check(path, { byteSize: Number(size), sha256Hex }),
            'same',
            `${path} after ${point}:${nth}`,
          );
        }
        assert.deepEqual(await readdir(join(dataDir, 'staging')), []);
        await store.close();
      }
      // The same names come again in every run, so the later runs adopted what the earlier ones had left unconfirmed.
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
}
