/** What counts at the end of an upload of a chunk when nothing keeps nodes apart: no lock, no lease, on both databases. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { UploadsInFlight } from '#features/incidents/chunks/uploads-in-flight.ts';
import { incidentTransactions } from '#features/incidents/transactions.ts';
import { chunkTarget } from '#features/incidents/uploads/chunk-target.ts';
import { ArrivingBytes } from '#features/resumable/arriving-bytes.ts';
import { finishUpload } from '#features/resumable/finish-upload.ts';
import { receiveParts } from '#features/resumable/receive-parts.ts';
import { uploadById } from '#features/resumable/resumable.store.ts';
import { resumableTransactions } from '#features/resumable/transactions.ts';
import { isProblem } from '#kit/errors.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { createMemoryBlobStore } from '#platform/blobs/memory/memory-blob-store.ts';
import { rows } from '#platform/metadata/contract/rows.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { insert, testOnBoth } from '../documents/support/databases.ts';
import { chunkWords } from './support/chunk-words.ts';

const transactions = [...incidentTransactions, ...resumableTransactions];
const config = { sliceBytes: 10_000, expiryMs: 3_600_000, maxOpen: 10, workerIntervalMs: 0 };
const chunks = {
  ...{ maxUploadBytes: 1e9, stagingQuotaBytes: 1e9, sourceClockSkewMs: 0, stagingCleanupAgeMs: 1e9 },
  committedQuotaBytes: 0,
};
/** A coordinator that forgot everything: each is the only one. */
const coordinator = { lease: async () => ({ release: async () => undefined }) };
const byteSize = 35_123;

interface Opened {
  metadata: Metadata;
  blobs: BlobStore;
  /** As on a node of its own. */
  finish(id: string): Promise<string>;
}

async function open(metadata: Metadata): Promise<Opened> {
  const stream = { latest_chunk_id: null, chunk_count: 0, byte_count: 0, status: 'open', media_type: 'video' };
  const incident = { status: 'open', closed_at: null };
  await insert(metadata, rows.account(), rows.incident(incident), rows.stream(stream));
  const blobs = createMemoryBlobStore({ stagingQuotaBytes: 1e9, maxBodyBytes: 1e9 });
  const finish = (id: string) => {
    const target = chunkTarget({ metadata, blobs, inFlight: new UploadsInFlight(), config: chunks });
    return finishUpload({ metadata, blobs, coordinator }, config, target, id);
  };
  return { metadata, blobs, finish };
}

/** An upload of which all bytes have come. */
async function sent({ metadata, blobs }: Opened, id: string, bytes: Buffer, key?: string): Promise<string> {
  const words = chunkWords({ stream: 'str_1', index: 1 }, bytes, key === undefined ? {} : { idempotency_key: key });
  await insert(
    metadata,
    rows.resumable({
      ...{ id, target: 'chunk', incident_id: 'inc_1', stream_id: 'str_1' },
      ...{ wish: JSON.stringify(words), byte_size: bytes.length, received_bytes: 0 },
    }),
  );
  const upload = await uploadById(metadata.read, id);
  assert.ok(upload);
  await receiveParts({ metadata, blobs }, config, upload, new ArrivingBytes(new PassThrough().end(bytes)));
  return id;
}

async function chunksOf({ metadata }: Opened): Promise<{ id: string; byte_size: number }[]> {
  const found = await metadata.read.selectFrom('chunks').select(['id', 'byte_size']).execute();
  return found.map(({ id, byte_size }) => ({ id, byte_size }));
}

async function accountUses({ metadata }: Opened): Promise<number | undefined> {
  return (await metadata.read.selectFrom('accounts').select('bytes_used').executeTakeFirst())?.bytes_used;
}

testOnBoth('however many bring an upload to its end at once, there is one chunk', transactions, async (metadata) => {
  const opened = await open(metadata);
  const id = await sent(opened, 'upl_1', randomBytes(byteSize));
  const ids = await Promise.all(Array.from({ length: 6 }, () => opened.finish(id)));
  assert.deepEqual(await chunksOf(opened), [{ id: ids[0], byte_size: byteSize }]);
  assert.deepEqual(new Set(ids).size, 1);
  assert.equal(await accountUses(opened), byteSize);
  assert.equal(await opened.finish(id), ids[0]);
});

testOnBoth(
  'uploads of one chunk under one key become one; under none the second is told',
  transactions,
  async (metadata) => {
    const opened = await open(metadata);
    const bytes = randomBytes(byteSize);
    const keyed = [await sent(opened, 'upl_1', bytes, 'k'), await sent(opened, 'upl_2', bytes, 'k')];
    const other = await sent(opened, 'upl_3', bytes);
    const ids = await Promise.all(keyed.map((id) => opened.finish(id)));
    assert.equal(new Set(ids).size, 1);
    await assert.rejects(opened.finish(other), (error) => isProblem(error, 'duplicate_chunk'));
    const upload = await uploadById(metadata.read, other);
    assert.deepEqual([upload?.state, upload?.refusal], ['failed', 'duplicate_chunk']);
    assert.equal((await chunksOf(opened)).length, 1);
    assert.equal(await accountUses(opened), byteSize);
  },
);

testOnBoth('of different bytes for one chunk one upload wins, whichever comes when', transactions, async (metadata) => {
  const opened = await open(metadata);
  const all = await Promise.all(['upl_1', 'upl_2', 'upl_3'].map((id) => sent(opened, id, randomBytes(byteSize))));
  const results = await Promise.allSettled(all.map((id) => opened.finish(id)));
  const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  assert.equal(winners.length, 1);
  for (const result of results)
    if (result.status === 'rejected')
      assert.match(isProblem(result.reason) ? result.reason.code : String(result.reason), /^duplicate_chunk/);
  assert.deepEqual(
    (await chunksOf(opened)).map(({ id }) => id),
    winners,
  );
});
