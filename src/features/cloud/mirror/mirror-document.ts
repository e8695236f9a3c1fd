import { Readable } from 'node:stream';
import { auditEntry } from '#features/audit/index.ts';
import { type DocumentRow, versionOf } from '#features/documents/index.ts';
import { Problem } from '#kit/errors.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { itemAt } from '../cloud.store.ts';
import type { RemotePath } from '../remote/remote-path.ts';
import type { BytesToSend } from '../remote/remote-store.ts';
import type { Transfer } from '../transfer/transfer.ts';

/**
 * The current version to the other side, where it is not there yet. `sizeThere` is of the file that stands there now, undefined when
 * there is none. A crash before the record has the same bytes sent once more.
 */
export async function mirrorDocument(
  transfer: Transfer,
  document: DocumentRow,
  path: RemotePath,
  sizeThere: number | undefined,
): Promise<'added' | 'renewed' | 'unchanged'> {
  const { connection, deps, remote, signal } = transfer;
  const { read } = deps.metadata;
  const item = await itemAt(read, connection.id, 'mirror', path);
  const isSent = item?.document_id === document.id && item.version === document.version;
  if (isSent && sizeThere === document.byte_size) return 'unchanged';
  const version = await versionOf(read, document.id, document.version);
  // Purged meanwhile.
  if (version === undefined) throw new Problem('document_not_found');
  const body = blobToSend(deps.blobs, version);
  let tag: string;
  try {
    tag = await remote.write(path, body, signal);
  } catch (error) {
    // That our own bytes are wrong must not pass for a failure of the other side.
    throw body.failure() ?? error;
  }
  await transfer.record(
    {
      direction: 'mirror',
      remote_path: path,
      remote_tag: tag,
      document_id: document.id,
      version: document.version,
    },
    auditEntry({
      actor: 'server',
      ownerAccountId: connection.owner_account_id,
      action: 'document.mirror',
      subjectType: 'document',
      subjectId: document.id,
      detail: `version ${document.version} to ${connection.id}`,
    }),
  );
  return item === undefined ? 'added' : 'renewed';
}

interface StoredBytes {
  stored_path: string;
  byte_size: number;
  sha256_hex: string;
  media_type: string;
}

function blobToSend(blobs: BlobStore, version: StoredBytes): BytesToSend & { failure(): unknown } {
  const record = { byteSize: version.byte_size, sha256Hex: version.sha256_hex };
  let failure: unknown;
  async function* pieces() {
    try {
      const { pieces: lent } = await blobs.openVerified(version.stored_path, record);
      // Lent until the next is asked for, and a stream asks ahead.
      for await (const piece of lent) yield Buffer.from(piece);
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return {
    ...record,
    mediaType: version.media_type,
    open: async () => Readable.from(pieces(), { objectMode: false }),
    failure: () => failure,
  };
}
