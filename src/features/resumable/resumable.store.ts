import type { Selectable } from 'kysely';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { isBefore, type Timestamp, timestamp } from '#kit/time.ts';
import type { BlobPath } from '#platform/blobs/blob-store.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { ResumablePartsTable, ResumableUploadsTable } from './resumable.tables.ts';
import type { KeptUpload, UploadWords } from './upload-target.ts';

export type UploadRow = Selectable<ResumableUploadsTable>;
export type PartRow = Selectable<ResumablePartsTable>;

const byId = compiled((db, by: { id: string }) =>
  db.selectFrom('resumable_uploads').selectAll().where('id', '=', by.id),
);

export async function uploadById(db: Db, id: string): Promise<UploadRow | undefined> {
  return await byId.first(db, { id });
}

/** All bytes are there, and nothing was made of them yet. */
export function isFull(upload: UploadRow): boolean {
  return upload.state === 'open' && upload.received_bytes === upload.byte_size;
}

/** And nothing speaks against making of them what was wished for. */
export function isFinishing(upload: UploadRow): boolean {
  return isFull(upload) && upload.refusal === null;
}

function hasExpired(upload: UploadRow): boolean {
  return !isFinishing(upload) && isBefore(upload.expires_at, timestamp(Date.now()));
}

/** Where uploads are looked for: below a path there are those of one kind, and of one incident where the path names one. */
export type UploadScope = Pick<UploadRow, 'target' | 'incident_id'>;

/** The caller's own; to everybody else, and under any other path, it does not exist. Throws upload_not_found, upload_gone. */
export async function uploadFor(db: Db, caller: Caller, id: string, scope: UploadScope): Promise<UploadRow> {
  const upload = await uploadById(db, id);
  if (upload?.owner_account_id !== caller.accountId) throw new Problem('upload_not_found');
  if (upload.target !== scope.target || upload.incident_id !== scope.incident_id) throw new Problem('upload_not_found');
  if (upload.state === 'removing' || hasExpired(upload)) throw new Problem('upload_gone');
  return upload;
}

export function wordsOf(upload: UploadRow): UploadWords {
  // Written by this slice alone, from what the protocol's parser made of the header.
  return JSON.parse(upload.wish) as UploadWords;
}

/** As a target sees it. */
export function keptOf(upload: UploadRow): KeptUpload {
  return {
    id: upload.id,
    ownerId: upload.owner_account_id,
    incidentId: upload.incident_id,
    byteSize: upload.byte_size,
    words: wordsOf(upload),
  };
}

/** Those that may still be asked for, oldest first. */
export async function uploadsOf(
  db: Db,
  accountId: string,
  scope: UploadScope,
  limit: number,
  after?: string,
): Promise<UploadRow[]> {
  return await db
    .selectFrom('resumable_uploads')
    .selectAll()
    .where('owner_account_id', '=', accountId)
    .where('target', '=', scope.target)
    .where('incident_id', scope.incident_id === null ? 'is' : '=', scope.incident_id)
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

/** Of one kind, or of all. */
export async function unfinishedOf(db: Db, accountId: string, target?: UploadRow['target']): Promise<Unfinished> {
  const found = await db
    .selectFrom('resumable_uploads')
    .select((select) => [select.fn.countAll().as('uploads'), select.fn.sum('byte_size').as('bytes')])
    .where('owner_account_id', '=', accountId)
    .where('state', '=', 'open')
    .$if(target !== undefined, (query) => query.where('target', '=', target ?? 'document'))
    .executeTakeFirst();
  return { uploads: Number(found?.uploads ?? 0), bytes: Number(found?.bytes ?? 0) };
}

/** One with the same wish that is as far: open, or done and become the same. */
export async function sameWish(db: Db, wished: UploadRow): Promise<UploadRow | undefined> {
  return await db
    .selectFrom('resumable_uploads')
    .selectAll()
    .where('owner_account_id', '=', wished.owner_account_id)
    .where('target', '=', wished.target)
    .where('incident_id', wished.incident_id === null ? 'is' : '=', wished.incident_id)
    .where('wish', '=', wished.wish)
    .where('byte_size', '=', wished.byte_size)
    .where('state', '=', wished.state)
    .where('result_id', wished.result_id === null ? 'is' : '=', wished.result_id)
    .where('expires_at', '>', wished.created_at)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

/** Of every account. */
export async function countUnderWay(db: Db): Promise<number> {
  const found = await db
    .selectFrom('resumable_uploads')
    .select((select) => select.fn.countAll().as('uploads'))
    .where('state', '=', 'open')
    .executeTakeFirst();
  return Number(found?.uploads ?? 0);
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

/** What somebody has decided about the incident that they belong to. */
export async function leavingUploadsOf(db: Db, incidentId: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('resumable_uploads')
    .select('id')
    .where('incident_id', '=', incidentId)
    .where('state', '=', 'removing')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
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
