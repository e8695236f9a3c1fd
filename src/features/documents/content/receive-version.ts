import type { IncomingMessage } from 'node:http';
import type { Caller } from '#http/caller.ts';
import { tagMatches } from '#http/entity-tag.ts';
import { parseIdempotencyKey } from '#http/idempotency-key.ts';
import { parseReprDigest } from '#http/repr-digest.ts';
import { Problem } from '#kit/errors.ts';
import type { DocumentRow } from '../access.ts';
import type { AddedDocument, VaultDeps } from '../add-document.ts';
import type { DocumentConfig } from '../documents.config.ts';
import { documentTag } from '../documents.json.ts';
import { plainMediaType } from '../media-type.ts';
import { documentMadeBy, isUsedKey } from '../operations.store.ts';
import { assertRoom, bytesLeft, quotaOf, tooLarge } from '../quotas/quotas.store.ts';
import { addVersion, versionOperation } from '../versions/add-version.ts';

/**
 * A body as the next version of a document that the caller may edit. What its headers say is judged before it is read, and again later.
 * Under a key that was used before, the content decides what it is.
 */
export async function receiveVersion(
  deps: VaultDeps,
  config: DocumentConfig,
  caller: Caller,
  document: DocumentRow,
  incoming: IncomingMessage,
): Promise<AddedDocument> {
  const { headers } = incoming;
  const { read } = deps.metadata;
  const idempotencyKey = parseIdempotencyKey(headers['idempotency-key']);
  const sha256Hex = parseReprDigest(headers['repr-digest']);
  const wish = { document, mediaType: plainMediaType(headers['content-type']), idempotencyKey };
  const operation = sha256Hex === undefined ? undefined : versionOperation(caller, wish, sha256Hex);
  if (operation !== undefined && (await documentMadeBy(read, operation)) !== undefined)
    return { document, replayed: true };

  const ifMatch = headers['if-match'];
  if (ifMatch === undefined)
    throw new Problem('invalid_request', { message: 'If-Match: the ETag of the current version, or *' });
  const declaredBytes = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  if ((declaredBytes ?? 0) > config.maxUploadBytes) throw new Problem('upload_too_large');
  let maxBytes = config.maxUploadBytes;
  if (idempotencyKey === undefined || !(await isUsedKey(read, caller.accountId, idempotencyKey))) {
    if (document.trashed_at !== null) throw new Problem('document_in_trash');
    if (!tagMatches(ifMatch, documentTag(document.version))) throw new Problem('version_conflict');
    const quota = await quotaOf(read, document.owner_account_id);
    assertRoom(quota, config, { bytes: declaredBytes ?? 0, documents: 0 });
    maxBytes = Math.min(maxBytes, bytesLeft(quota, config));
  }
  const limits = { maxBytes, ...(declaredBytes === undefined ? {} : { declaredBytes }) };
  const body = await deps.blobs.staging.receive(incoming, limits).catch((error: unknown) => {
    throw tooLarge(error, maxBytes, config);
  });
  try {
    if (sha256Hex !== undefined && sha256Hex !== body.sha256Hex) throw new Problem('hash_mismatch');
    return await addVersion(deps, config, caller, { ...wish, follows: document.version, body });
  } finally {
    await body.discard();
  }
}
