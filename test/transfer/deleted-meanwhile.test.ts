import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { backUp } from '#compose/transfer/back-up.ts';
import { BackupFolder } from '#compose/transfer/backup/backup-folder.ts';
import type { TransferEvent } from '#compose/transfer/transfer-events.ts';
import { wantedBlobs } from '#compose/transfer/wanted-blobs.ts';
import { act } from '#features/documents/act.ts';
import { deleteDocuments } from '#features/documents/index.ts';
import { deleteDocumentTransaction } from '#features/documents/trash/deletion.transactions.ts';
import { requestDeletion, runDeletions } from '#features/incidents/index.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { openSqlite } from '#platform/metadata/sqlite/open.ts';
import { createLog } from '#platform/process/log.ts';
import { seeded } from '../support/random.ts';
import { scratchFolder } from '../support/server.ts';
import { makeVariedStore } from './varied-store.ts';

/** Takes a backup; when its rows are taken and before its first byte is copied, `remove` makes something go, blobs and all. */
async function backUpWhile(remove: (deps: { metadata: Metadata; blobs: BlobStore }) => Promise<string>): Promise<void> {
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
    let removing: Promise<string> | undefined;
    let removed: string | undefined;
    const blobs: BlobStore = {
      ...store,
      openVerified: async (path, record) => {
        removing ??= remove({ metadata, blobs: store });
        removed = await removing;
        return await store.openVerified(path, record);
      },
    };
    const events: TransferEvent[] = [];
    const report = await backUp(
      { metadata, blobs, folder: backups, tell: (event) => events.push(event) },
      { withSessions: false, verify: false },
    );
    assert.ok(removed !== undefined);
    assert.ok(events.some((event) => event.event === 'notice' && /deleted/.test(event.message)));
    assert.deepEqual(report.manifest.damaged, []);
    const { rows } = backups.snapshot(report.snapshot);
    for await (const blob of wantedBlobs(rows)) {
      assert.notEqual(blob.belongsTo, removed);
      assert.equal(await backups.blobs.check(blob), 'same');
    }
    assert.equal(backups.names().length, 1, 'the rows that were taken first are no snapshot');
  } finally {
    backups.close();
    await store.close();
    await metadata.close();
    folder.remove();
  }
}

const log = createLog('silent');
const never = new AbortController().signal;

test('an incident that is deleted while its blobs are copied is in no snapshot, and is no damage', async () => {
  await backUpWhile(async ({ metadata, blobs }) => {
    const victim = await metadata.read
      .selectFrom('incidents')
      .select('id')
      .where('deletion_state', '=', 'active')
      .orderBy('id')
      .executeTakeFirstOrThrow();
    const by = { actor: 'command_line' } as const;
    const request = {
      incidentId: victim.id,
      source: 'admin_request',
      reasonCode: undefined,
      allowOpen: true,
      by,
    } as const;
    await requestDeletion({ metadata }, request);
    await runDeletions({ metadata, blobs, log }, never);
    return victim.id;
  });
});

test('nor is a document that is deleted meanwhile', async () => {
  await backUpWhile(async ({ metadata, blobs }) => {
    const { id, owner_account_id: ownerId } = await metadata.read
      .selectFrom('documents')
      .select(['id', 'owner_account_id'])
      .orderBy('id')
      .executeTakeFirstOrThrow();
    const input = { ...act({ accountId: ownerId }, ownerId, ['document', id], 'delete'), documentId: id };
    await metadata.write(deleteDocumentTransaction, input);
    assert.equal(await deleteDocuments({ metadata, blobs, log }, never), 1);
    return id;
  });
});
