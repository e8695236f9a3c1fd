/** What counts of an upload when nothing keeps requests apart: no lock, no lease, on both databases. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { documentTransactions } from '#features/documents/documents.transactions.ts';
import { documentTarget } from '#features/documents/uploads/document-target.ts';
import { ArrivingBytes } from '#features/resumable/arriving-bytes.ts';
import { finishUpload } from '#features/resumable/finish-upload.ts';
import { receiveParts } from '#features/resumable/receive-parts.ts';
import { partsOf, uploadById } from '#features/resumable/resumable.store.ts';
import { uploadRefusedTransaction } from '#features/resumable/resumable.transactions.ts';
import { resumableTransactions } from '#features/resumable/transactions.ts';
import { isProblem } from '#kit/errors.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { createMemoryBlobStore } from '#platform/blobs/memory/memory-blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { at, insert, rowOf, testOnBoth } from './support/databases.ts';

const transactions = [...documentTransactions, ...resumableTransactions];
const sliceBytes = 10_000;
const config = { sliceBytes, expiryMs: 3_600_000, maxOpen: 10, workerIntervalMs: 0 };
const vault = { maxUploadBytes: 1e9, quotaBytes: 0, quotaDocuments: 0, trashRetentionMs: 0 };
const byteSize = sliceBytes * 5 + 123;
const id = 'upl_1';

async function open(metadata: Metadata): Promise<{ metadata: Metadata; blobs: BlobStore }> {
  await insert(metadata, rowOf.account('acct_1'), {
    table: 'resumable_uploads',
    values: {
      id,
      owner_account_id: 'acct_1',
      target: 'document',
      wish: JSON.stringify({ name: 'a' }),
      byte_size: byteSize,
      state: 'open',
      created_at: at,
      expires_at: at,
    },
  });
  return { metadata, blobs: createMemoryBlobStore({ stagingQuotaBytes: 1e9, maxBodyBytes: 1e9 }) };
}

async function namesOf(blobs: BlobStore, folder: string): Promise<string[]> {
  const names = [];
  for await (const { path } of blobs.list(folder)) names.push(path);
  return names.sort();
}

async function send({ metadata, blobs }: { metadata: Metadata; blobs: BlobStore }, bytes: Buffer): Promise<number> {
  const upload = await uploadById(metadata.read, id);
  assert.ok(upload);
  const body = new PassThrough();
  const arriving = new ArrivingBytes(body);
  body.end(bytes.subarray(upload.received_bytes));
  return await receiveParts({ metadata, blobs }, config, upload, arriving);
}

testOnBoth(
  'of requests that found the same offset one counts, and the others leave nothing',
  transactions,
  async (metadata) => {
    const deps = await open(metadata);
    const bodies = Array.from({ length: 6 }, () => randomBytes(byteSize));
    const results = await Promise.allSettled(bodies.map((bytes) => send(deps, bytes)));
    const winners = results.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
    assert.equal(winners.length, 1);
    for (const result of results)
      if (result.status === 'rejected') assert.ok(isProblem(result.reason, 'upload_offset_conflict'), result.reason);
    const parts = await partsOf(metadata.read, id);
    assert.deepEqual(
      parts.map(({ start_byte }) => start_byte),
      parts.map((_, i) => i * sliceBytes),
    );
    assert.deepEqual(await namesOf(deps.blobs, 'uploads'), parts.map(({ stored_path }) => stored_path).sort());
    const finish = { ...deps, coordinator: { lease: async () => ({ release: async () => undefined }) } };
    const documentId = await finishUpload(finish, config, documentTarget(deps, vault), id);
    const version = await metadata.read
      .selectFrom('document_versions')
      .selectAll()
      .where('document_id', '=', documentId)
      .executeTakeFirstOrThrow();
    const winner = bodies[winners[0] ?? 0] ?? Buffer.alloc(0);
    const { pieces } = await deps.blobs.openVerified(version.stored_path, { byteSize, sha256Hex: version.sha256_hex });
    const kept = [];
    for await (const piece of pieces) kept.push(Buffer.from(piece));
    assert.deepEqual(Buffer.concat(kept), winner);
  },
);

testOnBoth('however many bring it to its end at once, there is one document', transactions, async (metadata) => {
  const deps = await open(metadata);
  await send(deps, randomBytes(byteSize));
  // A coordinator that forgot everything: each of them is the only one.
  const finish = { ...deps, coordinator: { lease: async () => ({ release: async () => undefined }) } };
  const target = documentTarget(deps, vault);
  const ids = await Promise.all(Array.from({ length: 6 }, () => finishUpload(finish, config, target, id)));
  assert.equal(new Set(ids).size, 1);
  const documents = await metadata.read.selectFrom('documents').select('id').execute();
  assert.deepEqual(
    documents.map((document) => document.id),
    [ids[0]],
  );
  assert.equal((await namesOf(deps.blobs, 'users')).length, 1);
  const quota = await metadata.read.selectFrom('quotas').selectAll().executeTakeFirst();
  assert.deepEqual([quota?.bytes_used, quota?.documents_used], [byteSize, 1]);
  assert.equal(await finishUpload(finish, config, target, id), ids[0]);
});

testOnBoth('a part that is not what it was becomes nothing, for ever', transactions, async (metadata) => {
  const deps = await open(metadata);
  await send(deps, randomBytes(byteSize));
  const [, part] = await partsOf(metadata.read, id);
  assert.ok(part);
  const staged = await deps.blobs.staging.receive(new PassThrough().end(Buffer.alloc(part.byte_size)), {
    maxBytes: part.byte_size,
  });
  await deps.blobs.remove(part.stored_path);
  await deps.blobs.commit(part.stored_path, staged);
  const finish = { ...deps, coordinator: { lease: async () => ({ release: async () => undefined }) } };
  const target = documentTarget(deps, vault);
  await assert.rejects(finishUpload(finish, config, target, id), (error) => isProblem(error, 'evidence_corrupt'));
  const upload = await uploadById(metadata.read, id);
  assert.deepEqual([upload?.state, upload?.refusal], ['failed', 'evidence_corrupt']);
  assert.deepEqual(await metadata.read.selectFrom('documents').select('id').execute(), []);
});

testOnBoth('who waits for another to finish it hears what that one was refused', transactions, async (metadata) => {
  const deps = await open(metadata);
  const target = documentTarget(deps, vault);
  await send(deps, randomBytes(byteSize));
  let asked = 0;
  // The other has the lease, and finds the refusal before it gives it up.
  const lease = async () => {
    asked += 1;
    await metadata.write(uploadRefusedTransaction, { id, code: 'hash_mismatch', forEver: true });
    return undefined;
  };
  const finish = { ...deps, coordinator: { lease } };
  await assert.rejects(finishUpload(finish, config, target, id, { patienceMs: 60_000 }), (error) =>
    isProblem(error, 'hash_mismatch'),
  );
  assert.equal(asked, 1);
});
