import type { Selectable } from 'kysely';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { isBefore, type Timestamp, timestamp } from '#kit/time.ts';
import type { BlobPath } from '#platform/blobs/blob-store.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { ResumablePartsTable, ResumableUploadsTable } from './resumable.tables.ts';
import type { UploadWords } from './upload-target.ts';

export type UploadRow = Selectable<ResumableUploadsTable>;
export type PartRow = Selectable<ResumablePartsTable>;

const byId = compiled((db, by: { id: string }) =>
  db.selectFrom('resumable_uploads').selectAll().where('id', '=', by.id),
);

export async function uploadById(db: Db, id: string): Promise<UploadRow | undefined> {
  return await byId.first(db, { id });
}

/** All bytes are there, and nothing speaks against making of them what was wished for. */
export function isFinishing(upload: UploadRow): boolean {
  return upload.state === 'open' && upload.received_bytes === upload.byte_size && upload.refusal === null;
}

function hasExpired(upload: UploadRow): boolean {
  return !isFinishing(upload) && isBefore(upload.expires_at, timestamp(Date.now()));
}

/** The caller's own; to everybody else it does not exist. Throws upload_not_found, upload_gone. */
export async function uploadFor(db: Db, caller: Caller, id: string): Promise<UploadRow> {
  const upload = await uploadById(db, id);
  if (upload?.owner_account_id !== caller.accountId) throw new Problem('upload_not_found');
  if (upload.state === 'removing' || hasExpired(upload)) throw new Problem('upload_gone');
  return upload;
}

export function wordsOf(upload: UploadRow): UploadWords {
  // Written by this slice alone, from what the protocol's parser made of the header.
  return JSON.parse(upload.wish) as UploadWords;
}

/** Those that may still be asked for, oldest first. */
export async function uploadsOf(
  db: Db,
  accountId: string,
  target: UploadRow['target'],
  limit: number,
  after?: string,
): Promise<UploadRow[]> {
  return await db
    .selectFrom('resumable_uploads')
    .selectAll()
    .where('owner_account_id', '=', accountId)
    .where('target', '=', target)
    .where('state', '<>', 'removing')
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}

export interface Unfinished {
  uploads: number;
  bytes: number;
}

export async function unfinishedOf(db: Db, accountId: string): Promise<Unfinished> {
  const found = await db
    .selectFrom('resumable_uploads')
    .select((select) => [select.fn.countAll().as('uploads'), select.fn.sum('byte_size').as('bytes')])
    .where('owner_account_id', '=', accountId)
    .where('state', '=', 'open')
    .executeTakeFirst();
  return { uploads: Number(found?.uploads ?? 0), bytes: Number(found?.bytes ?? 0) };
}

/** In the order of their bytes. */
export async function partsOf(db: Db, uploadId: string): Promise<PartRow[]> {
  return await db
    .selectFrom('resumable_parts')
    .selectAll()
    .where('upload_id', '=', uploadId)
    .orderBy('start_byte')
    .execute();
}

export async function countParts(db: Db, uploadId: string): Promise<number> {
  const found = await db
    .selectFrom('resumable_parts')
    .select((select) => select.fn.countAll().as('parts'))
    .where('upload_id', '=', uploadId)
    .executeTakeFirst();
  return Number(found?.parts ?? 0);
}

export async function partAt(db: Db, uploadId: string, startByte: number): Promise<PartRow | undefined> {
  return await db
    .selectFrom('resumable_parts')
    .selectAll()
    .where('upload_id', '=', uploadId)
    .where('start_byte', '=', startByte)
    .executeTakeFirst();
}

/** Those of some paths that a part's row names. */
export async function namedParts(db: Db, paths: readonly BlobPath[]): Promise<Set<BlobPath>> {
  if (paths.length === 0) return new Set();
  const rows = await db.selectFrom('resumable_parts').select('stored_path').where('stored_path', 'in', paths).execute();
  return new Set(rows.map((row) => row.stored_path));
}

/** What no request has brought to its end. */
export async function fullUploads(db: Db, limit: number): Promise<UploadRow[]> {
  return await db
    .selectFrom('resumable_uploads')
    .selectAll()
    .where('state', '=', 'open')
    .whereRef('received_bytes', '=', 'byte_size')
    .where('refusal', 'is', null)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Their time is over, or somebody ended them. */
export async function leavingUploads(db: Db, limit: number): Promise<UploadRow[]> {
  return await db
    .selectFrom('resumable_uploads')
    .selectAll()
    .where('state', '=', 'removing')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Decided, with parts that nobody needs any more. */
export async function spentUploads(db: Db, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('resumable_uploads')
    .select('id')
    .where('state', 'in', ['done', 'failed'])
    .where('id', 'in', (select) => select.selectFrom('resumable_parts').select('upload_id'))
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

export async function knownUploads(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.selectFrom('resumable_uploads').select('id').where('id', 'in', ids).execute();
  return new Set(rows.map(({ id }) => id));
}

export function expiryAfter(nowMs: number, expiryMs: number): Timestamp {
  return timestamp(nowMs + expiryMs);
}
