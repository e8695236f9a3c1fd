import type { KeptUpload, UploadTarget, UploadWish } from '#features/resumable/index.ts';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { appendChunk, closedCodes, settledBefore } from '../chunks/append-chunk.ts';
import { judgeOffer } from '../chunks/judge-offer.ts';
import type { ChunkUploads } from '../chunks/put-chunk.ts';
import { assertNotDeleting, incidentFor } from '../incident-access.ts';
import { overtakenUploads, roleOf } from './chunk-uploads.store.ts';
import { beginChunkUploadTransaction } from './chunk-uploads.transactions.ts';
import { offerOfWords } from './chunk-words.ts';

/** Resumable uploads that become chunks: judged as every other chunk, and accepted by the same steps. */
export function chunkTarget(uploads: ChunkUploads): UploadTarget {
  const { metadata, config } = uploads;
  const judged = async (caller: Caller, wish: Omit<UploadWish, 'pending'>, pendingBytes: number, ownKey?: string) => {
    // Only uploads of documents have none.
    if (wish.incidentId === null) throw new Problem('incident_not_found');
    const told = offerOfWords(wish.words);
    const offer = await judgeOffer(uploads, caller, {
      ...told,
      incidentId: wish.incidentId,
      idempotencyKey: told.idempotencyKey ?? ownKey,
      byteSize: wish.byteSize,
      pendingBytes,
    });
    const settled = await settledBefore(uploads, { ...offer, accountId: caller.accountId }, wish.byteSize);
    return { offer, settled };
  };
  const judgedAgain = async (upload: KeptUpload) => {
    // Nobody's session: the worker may be the one who ends it. It may do what its sender may by now.
    const role = await roleOf(metadata.read, upload.ownerId);
    const sender: Caller = { accountId: upload.ownerId, username: '', role, sessionId: '' };
    return await judged(sender, upload, 0, keyOf(upload));
  };
  return {
    kind: 'chunk',
    maxBytes: config.maxUploadBytes,
    async admit(caller, incidentId) {
      assertNotDeleting(await incidentFor(metadata.read, caller, incidentId));
    },
    beginning: beginChunkUploadTransaction,
    finalCodes: [
      ...closedCodes,
      'duplicate_chunk',
      'idempotency_conflict',
      'source_mismatch',
      'source_segment_conflict',
    ],
    async check(caller, { pending, ...wish }) {
      const { offer, settled } = await judged(caller, wish, pending.bytes);
      return {
        streamId: offer.claim.streamId,
        once: offer.idempotencyKey !== undefined,
        ...(settled === undefined ? {} : { resultId: settled.id }),
      };
    },
    async judge(upload) {
      await judgedAgain(upload);
    },
    overtaken: (limit) => overtakenUploads(metadata.read, limit),
    async finish(upload, body) {
      const { offer } = await judgedAgain(upload);
      const input = { ...offer, body, accountId: upload.ownerId, defaultQuotaBytes: config.committedQuotaBytes };
      return (await appendChunk(uploads, input)).chunk.id;
    },
  };
}

/** Where its sender gave none. With a space in it, so that no client's key can be the same. */
function keyOf({ id }: KeptUpload): string {
  return `upload ${id}`;
}
