import type { UploadTarget, UploadWords } from '#features/resumable/index.ts';
import type { Caller } from '#http/caller.ts';
import { isSha256Hex } from '#kit/bytes.ts';
import { Problem } from '#kit/errors.ts';
import { folderFor } from '../access.ts';
import { addDocument, type VaultDeps } from '../add-document.ts';
import { documentName } from '../document-name.ts';
import type { DocumentConfig } from '../documents.config.ts';
import { assertRoom, quotaOf } from '../quotas/quotas.store.ts';

/** Resumable uploads that become documents. */
export function documentTarget(deps: VaultDeps, config: DocumentConfig): UploadTarget {
  const { read } = deps.metadata;
  const ownerOf = async (caller: Caller, folderId: string | null) =>
    folderId === null ? caller.accountId : (await folderFor(read, caller, folderId, 'edit')).owner_account_id;
  return {
    kind: 'document',
    maxBytes: config.maxUploadBytes,
    async check(caller, { words, byteSize, pendingBytes }) {
      const { folderId } = wordsOfDocument(words);
      const ownerId = await ownerOf(caller, folderId);
      assertRoom(await quotaOf(read, ownerId), config, { bytes: pendingBytes + byteSize, documents: 1 });
    },
    async finish({ id, ownerId, words }, body) {
      // Nobody's session: the worker may be the one who ends it. It may do what the sender may by now.
      const caller: Caller = { accountId: ownerId, username: '', role: 'user', sessionId: '' };
      const { name, folderId, mediaType } = wordsOfDocument(words);
      const { document } = await addDocument(deps, config, caller, {
        ownerId: await ownerOf(caller, folderId),
        folderId,
        name,
        mediaType,
        body,
        // With a space in it, so that no client's key can be the same.
        idempotencyKey: `upload ${id}`,
      });
      return document.id;
    },
  };
}

interface DocumentWords {
  name: string;
  folderId: string | null;
  mediaType: string;
}

/** Also in the spellings of clients that know nothing of this server. Throws invalid_document_name, invalid_sha256_hex. */
function wordsOfDocument(words: UploadWords): DocumentWords {
  const { sha256 = null } = words;
  if (sha256 !== null && !isSha256Hex(sha256)) throw new Problem('invalid_sha256_hex');
  const mediaType = words.media_type ?? words.filetype ?? words.type ?? '';
  return {
    name: documentName(words.name ?? words.filename ?? ''),
    folderId: words.folder_id ?? null,
    mediaType: /^[\w.+-]{1,127}\/[\w.+-]{1,127}$/.test(mediaType) ? mediaType : 'application/octet-stream',
  };
}
