import type { IncomingMessage } from 'node:http';
import type { Caller } from '#http/caller.ts';
import { type FormFile, receiveForm } from '#http/receive-form.ts';
import { Problem } from '#kit/errors.ts';
import type { BodyLimits } from '#platform/blobs/blob-store.ts';
import { documentFor, folderFor } from './access.ts';
import { type AddedDocument, addDocument, addOperation, type NewDocument, type VaultDeps } from './add-document.ts';
import { documentName } from './document-name.ts';
import type { DocumentConfig } from './documents.config.ts';
import { plainMediaType } from './media-type.ts';
import { documentMadeBy, isUsedKey } from './operations.store.ts';
import { assertRoom, bytesLeft, quotaOf, tooLarge } from './quotas/quotas.store.ts';
import { topicsOfField } from './topics/topic-name.ts';

const fieldNames = ['name', 'folder_id', 'topics', 'sha256_hex'] as const;
type Fields = Partial<Record<(typeof fieldNames)[number], string>>;

/** A form's boundaries and fields come on top of the file. Bytes. */
const formOverheadBytes = 32 * 1024;

/** Ends the reading of a form whose answer is known before its file. */
class AnsweredBefore extends Error {
  readonly documentId: string;

  constructor(documentId: string) {
    super('answered before');
    this.documentId = documentId;
  }
}

/**
 * A form as a new document. What its headers and the fields before its file say is judged before the file is read; without a folder among
 * them it is taken to go into the caller's own room. All of it is judged again later.
 */
export async function receiveDocument(
  deps: VaultDeps,
  config: DocumentConfig,
  caller: Caller,
  incoming: IncomingMessage,
  idempotencyKey: string | undefined,
): Promise<AddedDocument> {
  const { metadata, blobs } = deps;
  const { read } = metadata;
  const expectedBytes = Math.max(0, Number(incoming.headers['content-length'] ?? 0) - formOverheadBytes);
  if (expectedBytes > config.maxUploadBytes) throw new Problem('upload_too_large');
  const isUsed = idempotencyKey !== undefined && (await isUsedKey(read, caller.accountId, idempotencyKey));

  const wishOf = async (file: FormFile, fields: Fields): Promise<Omit<NewDocument, 'body'>> => {
    const folderId = fields.folder_id ?? null;
    const folder = folderId === null ? undefined : await folderFor(read, caller, folderId, 'edit');
    return {
      ownerId: folder?.owner_account_id ?? caller.accountId,
      folderId,
      name: documentName(fields.name ?? file.name),
      mediaType: plainMediaType(file.mediaType),
      topics: topicsOfField(fields.topics),
      idempotencyKey,
    };
  };
  let { maxUploadBytes: maxBytes } = config;
  const judge = async (file: FormFile, fields: Fields): Promise<Omit<BodyLimits, 'declaredBytes'>> => {
    const stated = statedHash(fields);
    if (isUsed) {
      // Without the hash before it, only the file itself tells whether it is the same request.
      const same = stated === undefined ? undefined : addOperation(caller, await wishOf(file, fields), stated);
      const documentId = same === undefined ? undefined : await documentMadeBy(read, same);
      if (documentId !== undefined) throw new AnsweredBefore(documentId);
    } else {
      const folder =
        fields.folder_id === undefined ? undefined : await folderFor(read, caller, fields.folder_id, 'edit');
      const quota = await quotaOf(read, folder?.owner_account_id ?? caller.accountId);
      assertRoom(quota, config, { bytes: expectedBytes, documents: 1 });
      maxBytes = Math.min(maxBytes, bytesLeft(quota, config));
    }
    blobs.staging.assertRoom(expectedBytes);
    return { maxBytes };
  };

  try {
    const form = await receiveForm(incoming, blobs.staging, judge, fieldNames);
    try {
      const stated = statedHash(form.fields);
      if (stated !== undefined && stated !== form.body.sha256Hex) throw new Problem('hash_mismatch');
      return await addDocument(deps, config, caller, { ...(await wishOf(form.file, form.fields)), body: form.body });
    } finally {
      await form.body.discard();
    }
  } catch (error) {
    if (!(error instanceof AnsweredBefore)) throw tooLarge(error, maxBytes, config);
    return { document: await documentFor(read, caller, error.documentId, 'view'), replayed: true };
  }
}

/** Throws invalid_sha256_hex. */
function statedHash({ sha256_hex: stated }: Fields): string | undefined {
  if (stated !== undefined && !/^[0-9a-f]{64}$/.test(stated)) throw new Problem('invalid_sha256_hex');
  return stated;
}
