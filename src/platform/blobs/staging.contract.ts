import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import type { BlobStore, StagedBody } from './blob-store.ts';
import {
  assertStagingEmpty,
  bodyOf,
  contractLimits,
  kib,
  mib,
  type OpenForContract,
  problem,
  sha256,
} from './contract-bodies.ts';

/** The staging half of the contract; blob-store.contract.ts registers it. */
export function stagingContract(name: string, open: OpenForContract): void {
  describe(`staging contract: ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let store: BlobStore;

    before(async () => {
      opened = await open();
      store = opened.store;
    });
    after(async () => {
      await store.close();
      await opened.done?.();
    });

    function stage(bytes: Buffer, declared = true): Promise<StagedBody> {
      const limits = { maxBytes: contractLimits.maxBodyBytes, ...(declared ? { declaredBytes: bytes.length } : {}) };
      return store.staging.receive(bodyOf(bytes), limits);
    }

    test('too large: refused by its declaration, and when it lied by saying nothing', async () => {
      const big = randomBytes(contractLimits.maxBodyBytes + 1);
      await assert.rejects(stage(big), problem('upload_too_large'));
      await assert.rejects(stage(big, false), problem('upload_too_large'));
      await assert.rejects(store.staging.receive(bodyOf(big), { maxBytes: 1000 }), problem('upload_too_large'));
      await assert.rejects(store.staging.receive(bodyOf(big), { maxBytes: 2 ** 40 }), problem('upload_too_large'));
      assertStagingEmpty(store);
    });

    test('shorter or longer than declared is no body', async () => {
      for (const size of [100, 64 * kib, 2 * mib, 9 * mib]) {
        const limits = { maxBytes: contractLimits.maxBodyBytes, declaredBytes: size };
        await assert.rejects(store.staging.receive(bodyOf(randomBytes(size - 1)), limits), problem('length_mismatch'));
        await assert.rejects(store.staging.receive(bodyOf(randomBytes(size + 1)), limits), problem('length_mismatch'));
      }
      assertStagingEmpty(store);
    });

    test('a stream that fails, is destroyed or closes early leaves nothing', async () => {
      for (const size of [100, 64 * kib, 2 * mib, 9 * mib]) {
        for (const declaredBytes of [size, undefined]) {
          const limits = {
            maxBytes: contractLimits.maxBodyBytes,
            ...(declaredBytes === undefined ? {} : { declaredBytes }),
          };
          for (const error of [new Error('the wire was cut'), undefined]) {
            const stream = new PassThrough({ highWaterMark: 16 * mib });
            const received = store.staging.receive(stream, limits);
            stream.write(randomBytes(Math.floor(size / 2)));
            setTimeout(() => stream.destroy(error), 3);
            if (error === undefined) await assert.rejects(received, problem('length_mismatch'));
            else await assert.rejects(received, error);
          }
          const dead = new PassThrough();
          dead.destroy();
          await assert.rejects(store.staging.receive(dead, limits), problem('length_mismatch'));
        }
      }
      assertStagingEmpty(store);
    });

    test('the rest of a refused stream can still be drained', async () => {
      const bytes = randomBytes(2 * mib);
      const stream = bodyOf(bytes);
      await assert.rejects(store.staging.receive(stream, { maxBytes: mib }), problem('upload_too_large'));
      assert.equal(stream.destroyed, false);
      stream.resume();
      await new Promise((resolve) => stream.once('end', resolve));
    });

    test('the staging quota holds for memory and files together, and comes back', async () => {
      const quota = contractLimits.stagingQuotaBytes;
      const held: StagedBody[] = [];
      for (let i = 0; i < 6; i++) held.push(await stage(Buffer.alloc(10 * mib, i)));
      assert.deepEqual(store.staging.usage(), { bytes: 60 * mib, bodies: 6, quotaBytes: quota });
      store.staging.assertRoom(4 * mib);
      assert.throws(() => store.staging.assertRoom(4 * mib + 1), problem('staging_full'));
      await assert.rejects(stage(Buffer.alloc(5 * mib)), problem('staging_full'));
      await assert.rejects(stage(Buffer.alloc(5 * mib), false), problem('staging_full'));
      assert.equal(store.staging.usage().bytes, 60 * mib);
      for (const body of held) await body.discard();
      assertStagingEmpty(store);
      await (await stage(Buffer.alloc(5 * mib))).discard();
    });

    test('discard is safe always; a body is committed once, here, and stays after an error', async () => {
      const bytes = randomBytes(100);
      const path = 'inc/str/taken';
      const taken = await stage(bytes);
      const body = await stage(randomBytes(100));
      await store.commit(path, taken);
      await taken.discard();
      await taken.discard();
      await assert.rejects(store.commit('inc/str/1', taken), problem('internal_error'));
      await assert.rejects(store.commit(path, body), problem('blob_conflict'));
      assert.equal(await store.commit('inc/str/2', body), 'created');
      const dropped = await stage(bytes);
      await dropped.discard();
      await dropped.discard();
      await assert.rejects(store.commit('inc/str/3', dropped), problem('internal_error'));
      const foreign: StagedBody = { byteSize: 1, sha256Hex: sha256(Buffer.of(1)), discard: async () => undefined };
      await assert.rejects(store.commit('inc/str/4', foreign), problem('internal_error'));
      const late = await stage(bytes);
      const [outcome] = await Promise.all([store.commit('inc/str/5', late), late.discard()]);
      assert.equal(outcome, 'created');
      assertStagingEmpty(store);
    });
  });
}
