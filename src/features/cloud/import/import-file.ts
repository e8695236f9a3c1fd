import { createHash } from 'node:crypto';
import {
  addDocument,
  addVersion,
  assertNameFree,
  assertRoom,
  type DocumentRow,
  documentById,
  isUsedKey,
  plainMediaType,
  quotaOf,
} from '#features/documents/index.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import type { StagedBody } from '#platform/blobs/blob-store.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import { itemAt } from '../cloud.store.ts';
import type { RemotePath } from '../remote/remote-path.ts';
import { remoteProblem } from '../remote/remote-problem.ts';
import type { RemoteEntry } from '../remote/remote-store.ts';
import type { Transfer } from '../transfer/transfer.ts';
import { importName, numberedName } from './import-name.ts';

/** So many files of one name in one folder are looked past. */
const mostNamesakes = 100;

export interface FileToImport {
  entry: RemoteEntry;
  path: RemotePath;
  folderId: string | null;
}

/**
 * One file as a document: a new one, the next version of the one that it became before, or nothing new. A crash between the document and
 * its record leaves a document that is found again by its key, and recorded then.
 */
export async function importFile(transfer: Transfer, file: FileToImport): Promise<'added' | 'renewed' | 'unchanged'> {
  const { deps, connection, signal } = transfer;
  const { read } = deps.metadata;
  const { entry, path } = file;
  const item = await itemAt(read, connection.id, 'import', path);
  const before = item?.document_id == null ? undefined : await documentById(read, item.document_id);
  const isThere = before?.deletion_state === 'active';
  // What its owner has put into the trash is not brought back.
  if (isThere && (before.trashed_at !== null || item?.remote_tag === entry.tag)) return 'unchanged';

  const maxBytes = deps.documents.maxUploadBytes;
  const expected = entry.byteSize ?? 0;
  if (expected > maxBytes) throw new Problem('upload_too_large');
  const room = { bytes: expected, documents: isThere ? 0 : 1 };
  assertRoom(await quotaOf(read, connection.owner_account_id), deps.documents, room);
  const { body, mediaType } = await received(transfer, path, maxBytes);
  try {
    signal.throwIfAborted();
    const { document, outcome } = isThere
      ? await renewed(transfer, file, before, body, mediaType)
      : await added(transfer, file, body, mediaType);
    failpoint('after-import-document');
    await transfer.record({
      direction: 'import',
      remote_path: path,
      remote_tag: entry.tag ?? null,
      document_id: document.id,
      version: document.version,
    });
    return outcome;
  } finally {
    await body.discard();
  }
}

async function received({ deps, remote, signal }: Transfer, path: RemotePath, maxBytes: number) {
  const bytes = await remote.read(path, signal);
  const stop = () => bytes.stream.destroy();
  signal.addEventListener('abort', stop);
  try {
    const limits = { maxBytes, ...(bytes.byteSize === undefined ? {} : { declaredBytes: bytes.byteSize }) };
    const body = await deps.blobs.staging.receive(bytes.stream, limits);
    return { body, mediaType: plainMediaType(bytes.mediaType) };
  } catch (error) {
    // Cut short is the other side's failure, like everything that the network says.
    throw isProblem(error) && error.code !== 'length_mismatch' ? error : remoteProblem(toCause(error), signal);
  } finally {
    signal.removeEventListener('abort', stop);
    bytes.stream.destroy();
  }
}

const toCause = (error: unknown) => (isProblem(error) ? new Error('the answer was cut short') : error);

async function renewed(
  { connection, deps }: Transfer,
  file: FileToImport,
  before: DocumentRow,
  body: StagedBody,
  mediaType: string,
) {
  if (body.sha256Hex === before.sha256_hex) return { document: before, outcome: 'unchanged' as const };
  const { document } = await addVersion(deps, deps.documents, ownerOf(connection), {
    document: before,
    follows: before.version,
    mediaType,
    body,
    idempotencyKey: keyOf(connection.id, file, body.sha256Hex),
  });
  return { document, outcome: 'renewed' as const };
}

async function added(transfer: Transfer, file: FileToImport, body: StagedBody, mediaType: string) {
  const { connection, deps } = transfer;
  const { idempotencyKey, name } = await nameFor(transfer, file, body.sha256Hex);
  const { document, replayed } = await addDocument(deps, deps.documents, ownerOf(connection), {
    ownerId: connection.owner_account_id,
    folderId: file.folderId,
    name,
    mediaType,
    body,
    idempotencyKey,
  });
  return { document, outcome: replayed ? ('unchanged' as const) : ('added' as const) };
}

/** Its own, or with a number where something else has that. One that an earlier attempt has taken is found by its key. */
async function nameFor({ connection, deps }: Transfer, file: FileToImport, sha256Hex: string) {
  const { read } = deps.metadata;
  const ownerId = connection.owner_account_id;
  const base = importName(file.entry.name);
  for (let number = 1; ; number++) {
    const name = numberedName(base, number);
    const idempotencyKey = keyOf(connection.id, file, `${sha256Hex} ${name}`);
    if (await isUsedKey(read, ownerId, idempotencyKey)) return { name, idempotencyKey };
    try {
      await assertNameFree(read, { ownerId, folderId: file.folderId, name });
      return { name, idempotencyKey };
    } catch (error) {
      if (!isProblem(error, 'name_conflict') || number === mostNamesakes) throw error;
    }
  }
}

/** Whoever asked for it is whose it is. */
export function ownerOf({ owner_account_id }: { owner_account_id: string }) {
  return { accountId: owner_account_id };
}

/** The same for the same state of the same file, whoever brings it how often. */
function keyOf(connectionId: string, { entry, path }: FileToImport, what: string): string {
  const words = JSON.stringify(['import', connectionId, path, entry.tag ?? '', what]);
  return createHash('sha256').update(words).digest('hex');
}
