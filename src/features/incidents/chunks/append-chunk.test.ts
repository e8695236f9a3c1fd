import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, test } from 'node:test';
import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { bodyOf, problem } from '#platform/blobs/contract-bodies.ts';
import { createMemoryBlobStore } from '#platform/blobs/memory/memory-blob-store.ts';
import { type Metadata, transaction } from '#platform/metadata/metadata.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { closeIncidentTransaction, createIncidentTransaction } from '../incidents.transactions.ts';
import { createStreamTransaction } from '../streams/streams.transactions.ts';
import { incidentTransactions } from '../transactions.ts';
import { appendChunk } from './append-chunk.ts';
import { blobPathOf, type ChunkClaim } from './chunk-identity.ts';
import { UploadsInFlight } from './uploads-in-flight.ts';

const at = timestamp(Date.UTC(2026, 0, 2));
/** As a crash before the row would have left it. */
const removeChunks = transaction('test.remove_chunks', async (trx, _: object) => {
  await trx.deleteFrom('chunks').execute();
});

const leaveRoomFor = transaction('test.leave_room_for', async (trx, { bytes }: { bytes: number }) => {
  const account = { id: 'acct_1', username: 'ada', password_hash: '-', role: 'user' as const, bytes_used: 0 };
  const times = { created_at: at, updated_at: at, password_changed_at: at };
  await trx
    .insertInto('accounts')
    .values({ ...account, ...times, bytes_limit: bytes })
    .execute();
  await trx.updateTable('incidents').set({ owner_account_id: account.id }).execute();
});

const limits = { stagingQuotaBytes: 2 ** 24, maxBodyBytes: 2 ** 22 };

describe('an upload that is refused after its bytes were committed', () => {
  let metadata: Metadata;
  let store: BlobStore;

  beforeEach(async () => {
    metadata = openSqliteInline({
      path: ':memory:',
      transactions: [...incidentTransactions, removeChunks, leaveRoomFor],
    });
    store = createMemoryBlobStore(limits);
    await metadata.write(createIncidentTransaction, {
      id: 'inc_1',
      owner_account_id: null,
      status: 'open',
      client_label: null,
      notes: null,
      incident_mode: null,
      capture_profile: null,
      escalation_policy: null,
      sharing_state: null,
      created_at: at,
      updated_at: at,
    });
    await metadata.write(createStreamTransaction, {
      id: 'str_1',
      incident_id: 'inc_1',
      media_type: 'video',
      label: null,
      status: 'open',
      expected_chunk_count: null,
      chunk_count: 0,
      byte_count: 0,
      latest_chunk_id: null,
      created_at: at,
      updated_at: at,
      completed_at: null,
      failed_at: null,
      failure_reason: null,
      capture_group_id: null,
      variant_role: null,
      quality_profile: null,
      upload_priority: null,
    });
  });

  const close = () => metadata.write(closeIncidentTransaction, { incidentId: 'inc_1', at });

  /** Authorised before anything of the others was known, as in a race. */
  async function append(bytes: Buffer, by: Metadata = metadata) {
    const body = await store.staging.receive(bodyOf(bytes), { maxBytes: bytes.length });
    const claim: ChunkClaim = {
      incidentId: 'inc_1',
      streamId: 'str_1',
      mediaType: 'video',
      chunkIndex: 1,
      startedAt: at,
      endedAt: at,
      originalFilename: null,
      sha256Hex: body.sha256Hex,
    };
    const input = { claim, body, accountId: 'acct_1', idempotencyKey: undefined, earlier: {}, defaultQuotaBytes: 0 };
    const appended = appendChunk({ metadata: by, blobs: store, inFlight: new UploadsInFlight() }, input);
    return await appended.finally(() => body.discard());
  }

  const path = blobPathOf({ incidentId: 'inc_1', streamId: 'str_1', mediaType: 'video', chunkIndex: 1 });

  test('leaves nothing where no other process can have adopted them', async () => {
    await close();
    await assert.rejects(append(randomBytes(100)), problem('incident_closed'));
    assert.equal(await store.size(path), undefined);
  });

  test('leaves them where another process may be recording them, unless nobody ever can', async () => {
    const shared: Metadata = {
      dialect: metadata.dialect,
      shared: true,
      read: metadata.read,
      write: (transaction, input) => metadata.write(transaction, input),
      snapshot: (read) => metadata.snapshot(read),
      statistics: () => metadata.statistics(),
      health: () => metadata.health(),
      close: () => metadata.close(),
    };
    await metadata.write(leaveRoomFor, { bytes: 50 });
    await assert.rejects(append(randomBytes(100), shared), problem('quota_exceeded'));
    assert.equal(await store.size(path), 100);
    await store.remove(path);
    await close();
    await assert.rejects(append(randomBytes(100), shared), problem('incident_closed'));
    assert.equal(await store.size(path), undefined);
  });

  test('mends an accepted chunk whose bytes were missing, and never puts others in their place', async () => {
    const bytes = randomBytes(100);
    const { chunk } = await append(bytes);
    await store.remove(path);
    await assert.rejects(append(randomBytes(100)), problem('duplicate_chunk'));
    assert.equal(await store.size(path), undefined, 'the wrong bytes are gone');
    await assert.rejects(append(bytes), problem('duplicate_chunk'));
    assert.equal(await store.check(path, { byteSize: 100, sha256Hex: chunk.sha256_hex }), 'same');
  });

  test('is told what stands there: an accepted chunk, or bytes that nobody recorded', async () => {
    await append(randomBytes(100));
    await assert.rejects(append(randomBytes(100)), problem('duplicate_chunk'));
    await metadata.write(removeChunks, {});
    await assert.rejects(append(randomBytes(100)), problem('duplicate_chunk_conflict'));
  });
});
