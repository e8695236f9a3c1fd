import type { ErrorCode } from '#kit/error-codes.ts';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import { type Trx, transaction } from '#platform/metadata/metadata.ts';
import { isFinishing, type PartRow, sameWish, type UploadRow, unfinishedOf, uploadById } from './resumable.store.ts';
import type { OvertakenUpload } from './upload-target.ts';

export interface BeginUpload {
  upload: UploadRow;
  /** Unfinished ones of the account, of every kind. */
  maxOpen: number;
  once: boolean;
}

/** For the transaction of a target. Returns the row that stands for the wish. Throws too_many_uploads. */
export async function createUpload(trx: Trx, { upload, maxOpen, once }: BeginUpload): Promise<UploadRow> {
  // One creation of an account after the other, so that the count is right.
  await trx
    .selectFrom('accounts')
    .select('id')
    .where('id', '=', upload.owner_account_id)
    .forNoKeyUpdate()
    .executeTakeFirst();
  const earlier = once ? await sameWish(trx, upload) : undefined;
  if (earlier !== undefined) return earlier;
  if (upload.state === 'open') {
    const { uploads } = await unfinishedOf(trx, upload.owner_account_id);
    if (uploads >= maxOpen) throw new Problem('too_many_uploads');
  }
  await trx.insertInto('resumable_uploads').values(upload).execute();
  return upload;
}

/** Where nothing else has to hold. */
export const createUploadTransaction = transaction('resumable.create', createUpload);

/** Counts a part whose bytes are durable, if nobody counted others for the same place. Throws upload_gone, upload_offset_conflict. */
export const addPartTransaction = transaction(
  'resumable.add-part',
  async (trx, { part, expiresAt }: { part: PartRow; expiresAt: Timestamp }) => {
    const moved = await trx
      .updateTable('resumable_uploads')
      .set({ received_bytes: part.start_byte + part.byte_size, expires_at: expiresAt })
      .where('id', '=', part.upload_id)
      .where('state', '=', 'open')
      .where('received_bytes', '=', part.start_byte)
      .executeTakeFirst();
    if (Number(moved.numUpdatedRows) === 0) {
      const upload = await uploadById(trx, part.upload_id);
      throw new Problem(upload?.state === 'open' ? 'upload_offset_conflict' : 'upload_gone');
    }
    await trx.insertInto('resumable_parts').values(part).execute();
  },
);

/** False when another was first: then its result stands. */
export const uploadDoneTransaction = transaction(
  'resumable.done',
  async (trx, { id, resultId, expiresAt }: { id: string; resultId: string; expiresAt: Timestamp }) => {
    const ended = await trx
      .updateTable('resumable_uploads')
      .set({ state: 'done', result_id: resultId, refusal: null, expires_at: expiresAt })
      .where('id', '=', id)
      .where('state', '=', 'open')
      .executeTakeFirst();
    return Number(ended.numUpdatedRows) === 1;
  },
);

export interface Refusal {
  id: string;
  code: ErrorCode;
  /** No other attempt can end better. */
  forEver: boolean;
}

export const uploadRefusedTransaction = transaction('resumable.refused', async (trx, refusal: Refusal) => {
  await trx
    .updateTable('resumable_uploads')
    .set({ state: refusal.forEver ? 'failed' : 'open', refusal: refusal.code })
    .where('id', '=', refusal.id)
    .where('state', '=', 'open')
    .execute();
});

/** Nothing can bring them to their end any more. Those that have all of their bytes are left to the answer of their own end. */
export const uploadOvertakenTransaction = transaction(
  'resumable.overtaken',
  async (trx, { id, code }: OvertakenUpload) => {
    const ended = await trx
      .updateTable('resumable_uploads')
      .set({ state: 'failed', refusal: code })
      .where('id', '=', id)
      .where('state', '=', 'open')
      .where((where) =>
        where.or([where('received_bytes', '<', where.ref('byte_size')), where('refusal', 'is not', null)]),
      )
      .executeTakeFirst();
    return Number(ended.numUpdatedRows) === 1;
  },
);

/** All of an incident, whatever has become of them: it is being deleted, and takes nothing more. */
export const endUploadsOfTransaction = transaction(
  'resumable.end-of-incident',
  async (trx, { incidentId }: { incidentId: string }) => {
    await trx
      .updateTable('resumable_uploads')
      .set({ state: 'removing' })
      .where('incident_id', '=', incidentId)
      .where('state', '<>', 'removing')
      .execute();
  },
);

/** By its owner's wish. What is just becoming something is left to become it. Throws upload_gone, upload_locked. */
export const endUploadTransaction = transaction('resumable.end', async (trx, { id }: { id: string }) => {
  const upload = await trx
    .selectFrom('resumable_uploads')
    .selectAll()
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (upload === undefined || upload.state === 'removing') throw new Problem('upload_gone');
  if (isFinishing(upload)) throw new Problem('upload_locked', { retryAfterSeconds: 1 });
  await trx.updateTable('resumable_uploads').set({ state: 'removing' }).where('id', '=', id).execute();
});

/** Uploads whose time is over; never one that has all of its bytes and only waits for its end. */
export const expireUploadsTransaction = transaction('resumable.expire', async (trx, { at }: { at: Timestamp }) => {
  await trx
    .updateTable('resumable_uploads')
    .set({ state: 'removing' })
    .where('expires_at', '<', at)
    .where('state', '<>', 'removing')
    .where((where) =>
      where.or([
        where('state', '<>', 'open'),
        where('received_bytes', '<', where.ref('byte_size')),
        where('refusal', 'is not', null),
      ]),
    )
    .execute();
});

/** Before their bytes go. */
export const forgetPartsTransaction = transaction('resumable.forget-parts', async (trx, { id }: { id: string }) => {
  await trx.deleteFrom('resumable_parts').where('upload_id', '=', id).execute();
});

/** Its bytes are gone. */
export const forgetUploadTransaction = transaction('resumable.forget', async (trx, { id }: { id: string }) => {
  await trx.deleteFrom('resumable_uploads').where('id', '=', id).where('state', '=', 'removing').execute();
});

export const resumableTransactions = [
  createUploadTransaction,
  addPartTransaction,
  uploadDoneTransaction,
  uploadRefusedTransaction,
  uploadOvertakenTransaction,
  endUploadsOfTransaction,
  endUploadTransaction,
  expireUploadsTransaction,
  forgetPartsTransaction,
  forgetUploadTransaction,
];
