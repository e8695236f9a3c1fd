import { createUploadTransaction, type UploadTarget } from '#features/resumable/index.ts';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { documentFor, folderFor } from '../access.ts';
import { addDocument, type VaultDeps } from '../add-document.ts';
import type { DocumentConfig } from '../documents.config.ts';
import { assertRoom, quotaOf } from '../quotas/quotas.store.ts';
import { addVersion } from '../versions/add-version.ts';
import { wordsOfUpload } from './upload-words.ts';

/** Resumable uploads that become documents, or the next version of one. */
export function documentTarget(deps: VaultDeps, config: DocumentConfig): UploadTarget {
  const { read } = deps.metadata;
  const ownerOf = async (caller: Caller, folderId: string | null) =>
    folderId === null ? caller.accountId : (await folderFor(read, caller, folderId, 'edit')).owner_account_id;
  return {
    kind: 'document',
    maxBytes: config.maxUploadBytes,
    beginning: createUploadTransaction,
    // Each of its refusals may be mended: by room, by a folder, by another name.
    finalCodes: [],
    async check(caller, { words, byteSize, pending }) {
      const wish = wordsOfUpload(words);
      const bytes = pending.bytes + byteSize;
      if (!('documentId' in wish)) {
        const quota = await quotaOf(read, await ownerOf(caller, wish.folderId));
        assertRoom(quota, config, { bytes, documents: pending.uploads + 1 });
        return {};
      }
      const document = await documentFor(read, caller, wish.documentId, 'edit');
      if (document.trashed_at !== null) throw new Problem('document_in_trash');
      if (wish.follows !== 'current' && wish.follows !== document.version) throw new Problem('version_conflict');
      assertRoom(await quotaOf(read, document.owner_account_id), config, { bytes, documents: 0 });
      return {};
    },
    async finish({ id, ownerId, words }, body) {
      // Nobody's session: the worker may be the one who ends it. It may do what the sender may by now.
      const caller: Caller = { accountId: ownerId, username: '', role: 'user', sessionId: '' };
      // With a space in it, so that no client's key can be the same.
      const idempotencyKey = `upload ${id}`;
      const wish = wordsOfUpload(words);
      if ('documentId' in wish) {
        const document = await documentFor(read, caller, wish.documentId, 'edit');
        const follows = wish.follows === 'current' ? document.version : wish.follows;
        const { mediaType } = wish;
        const added = await addVersion(deps, config, caller, { document, follows, mediaType, body, idempotencyKey });
        return added.document.id;
      }
      const owner = await ownerOf(caller, wish.folderId);
      const { document } = await addDocument(deps, config, caller, { ...wish, ownerId: owner, body, idempotencyKey });
      return document.id;
    },
  };
}
