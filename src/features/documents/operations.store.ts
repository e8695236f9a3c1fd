import { createHash } from 'node:crypto';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';

/** A request under a key of its sender. The same key with the same fingerprint is the same request. */
export interface Operation {
  keyHash: string;
  fingerprint: string;
}

const sha256 = (words: readonly unknown[]) => createHash('sha256').update(JSON.stringify(words)).digest('hex');

function operationKeyHash(accountId: string, key: string): string {
  return sha256(['document', accountId, key]);
}

export async function isUsedKey(db: Db, accountId: string, key: string): Promise<boolean> {
  const used = await db
    .selectFrom('document_operations')
    .select('document_id')
    .where('idempotency_key_hash', '=', operationKeyHash(accountId, key))
    .executeTakeFirst();
  return used !== undefined;
}

/** Words that make two requests equivalent, the SHA-256 of the bytes among them. */
export function operationOf(accountId: string, key: string, words: readonly unknown[]): Operation {
  return { keyHash: operationKeyHash(accountId, key), fingerprint: sha256(words) };
}

/** What an equivalent request made; undefined when the key is new. Throws idempotency_conflict. */
export async function documentMadeBy(db: Db, { keyHash, fingerprint }: Operation): Promise<string | undefined> {
  const earlier = await db
    .selectFrom('document_operations')
    .select(['fingerprint', 'document_id'])
    .where('idempotency_key_hash', '=', keyHash)
    .executeTakeFirst();
  if (earlier === undefined) return undefined;
  if (earlier.fingerprint !== fingerprint) throw new Problem('idempotency_conflict');
  return earlier.document_id;
}

export async function insertOperation(
  trx: Trx,
  operation: Operation,
  version: { document_id: string; version: number },
  at: Timestamp,
): Promise<void> {
  await trx
    .insertInto('document_operations')
    .values({
      idempotency_key_hash: operation.keyHash,
      fingerprint: operation.fingerprint,
      document_id: version.document_id,
      version: version.version,
      created_at: at,
    })
    .execute();
}
