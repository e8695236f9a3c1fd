import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { backUp } from '#compose/transfer/back-up.ts';
import { BackupFolder } from '#compose/transfer/backup/backup-folder.ts';
import type { TransferEvent } from '#compose/transfer/transfer-events.ts';
import { wantedBlobs } from '#compose/transfer/wanted-blobs.ts';
import { requestDeletion, runDeletions } from '#features/incidents/index.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';
import { openSqlite } from '#platform/metadata/sqlite/open.ts';
import { createLog } from '#platform/process/log.ts';
import { seeded } from '../support/random.ts';
import { scratchFolder } from '../support/server.ts';
import { makeVariedStore } from './varied-store.ts';

test('an incident that is deleted while its blobs are copied is in no snapshot, and is no damage', async () => {
  const folder = scratchFolder('deleted');
  const dataDir = join(folder.path, 'source');
  await makeVariedStore({ dataDir }, seeded(11), 3);
  const metadata = await openSqlite({
    path: join(dataDir, 'proofline.db'),
    writerModule: new URL('../../src/compose/backends/sqlite-writer.thread.ts', import.meta.url),
  });
  const store = await openLocalBlobStore({ dataDir, stagingQuotaBytes: 2 ** 30, maxBodyBytes: 2 ** 30 });
  const backups = await BackupFolder.openToWrite(join(folder.path, 'backups'));
  try {
    const victim = await metadata.read
      .selectFrom('incidents')
      .selectAll()
      .where('deletion_state', '=', 'active')
      .orderBy('id')
      .executeTakeFirstOrThrow();
    let deleted = false;
    const blobs: BlobStore = {
      ...store,
      openVerified: async (path, record) => {
        // The rows are taken; before the first byte is copied the incident goes, blobs and all.
        if (!deleted) {
          deleted = true;
          await deleteNow(victim.id);
        }
        return await store.openVerified(path, record);
      },
    };
    const deleteNow = async (incidentId: string) => {
      const by = { actor: 'command_line' } as const;
      const request = { incidentId, source: 'admin_request', reasonCode: undefined, allowOpen: true, by } as const;
      await requestDeletion({ metadata }, request);
      await runDeletions({ metadata, blobs: store, log: createLog('silent') }, new AbortController().signal);
    };
    const events: TransferEvent[] = [];
    const report = await backUp(
      { metadata, blobs, folder: backups, tell: (event) => events.push(event) },
      { withSessions: false, verify: false },
    );
    assert.ok(deleted);
    assert.ok(events.some((event) => event.event === 'notice' && /deleted/.test(event.message)));
    assert.deepEqual(report.manifest.damaged, []);
    const { rows } = backups.snapshot(report.snapshot);
    for await (const blob of wantedBlobs(rows)) {
      assert.notEqual(blob.belongsTo, victim.id);
      assert.equal(await backups.blobs.check(blob), 'same');
    }
    assert.equal(backups.names().length, 1, 'the rows that were taken first are no snapshot');
  } finally {
    backups.close();
    await store.close();
    await metadata.close();
    folder.remove();
  }
});
