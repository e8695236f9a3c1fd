import { newJob } from '#features/jobs/index.ts';
import type { Caller } from '#http/caller.ts';
import type { StagedBody } from '#platform/blobs/blob-store.ts';
import { type DocumentRow, documentById, documentFor } from '../access.ts';
import { act } from '../act.ts';
import type { AddedDocument, VaultDeps } from '../add-document.ts';
import { versionPath } from '../document-path.ts';
import type { DocumentConfig } from '../documents.config.ts';
import { versionOf } from '../documents.store.ts';
import { addVersionTransaction } from '../documents.transactions.ts';
import { keepBytes } from '../keep-bytes.ts';
import { type Operation, operationOf } from '../operations.store.ts';

export interface NewVersion {
  /** As the caller may edit it. */
  document: DocumentRow;
  /** The version that this one follows; where another has come meanwhile, it is refused. */
  follows: number;
  mediaType: string;
  body: StagedBody;
  idempotencyKey: string | undefined;
}

/** As addDocument. Throws what addVersionTransaction throws, and what the stores throw. */
export async function addVersion(
  deps: VaultDeps,
  config: DocumentConfig,
  caller: Pick<Caller, 'accountId'>,
  wish: NewVersion,
): Promise<AddedDocument> {
  const { document, body } = wish;
  const { id, owner_account_id: ownerId } = document;
  const version = wish.follows + 1;
  const does = act(caller, ownerId, ['document', id], 'add_version', `version ${version}`);
  const { at } = does;
  const path = versionPath(ownerId, id, version);
  const added = await keepBytes(deps.blobs, {
    path,
    body,
    record: () =>
      deps.metadata.write(addVersionTransaction, {
        ...does,
        version: {
          document_id: id,
          version,
          stored_path: path,
          byte_size: body.byteSize,
          sha256_hex: body.sha256Hex,
          media_type: wish.mediaType,
          created_by_account_id: caller.accountId,
          created_at: at,
        },
        jobs: [newJob({ kind: 'sniff', ownerAccountId: ownerId, documentId: id, documentVersion: version, at })],
        operation: versionOperation(caller, wish, body.sha256Hex),
        quota: config,
      }),
    written: async () => {
      const row = await versionOf(deps.metadata.read, id, version);
      return row?.stored_path === path ? await documentById(deps.metadata.read, id) : undefined;
    },
  });
  if (added.created) return { document: added.document, replayed: false };
  return { document: await documentFor(deps.metadata.read, caller, added.document.id, 'view'), replayed: true };
}

/** What makes two wishes the same one, whatever version they were to follow. */
export function versionOperation(
  caller: Pick<Caller, 'accountId'>,
  { document, mediaType, idempotencyKey }: Pick<NewVersion, 'document' | 'mediaType' | 'idempotencyKey'>,
  sha256Hex: string,
): Operation | undefined {
  if (idempotencyKey === undefined) return undefined;
  return operationOf(caller.accountId, idempotencyKey, ['version', document.id, mediaType, sha256Hex]);
}
