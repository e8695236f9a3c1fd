import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { type ConnectionRow, connectionsUnderOtherKeys } from '../cloud.store.ts';
import { resealConnectionTransaction } from '../cloud.transactions.ts';
import { openCredentials, type Sealed, sealCredentials } from './seal-credentials.ts';
import type { SecretKeys } from './secret-keys.ts';

export interface Rotation {
  /** Now under the current key; with a dry run: would be. */
  resealed: number;
  /** Under a key that was not given, or changed by somebody without it. They stay as they are. */
  unreadable: string[];
}

/**
 * Seals everything that is under another key with the current one. Each row by itself: whatever ends it, it goes on where it stood when it
 * is begun again. Throws secret_key_missing.
 */
export async function rotateKeys(
  { keys, metadata }: { metadata: Metadata; keys: SecretKeys },
  { dryRun }: { dryRun: boolean },
): Promise<Rotation> {
  const { current } = keys;
  if (current === undefined) throw new Problem('secret_key_missing');
  const rotation: Rotation = { resealed: 0, unreadable: [] };
  let after = '';
  for (;;) {
    const rows = await connectionsUnderOtherKeys(metadata.read, current.id, 200, after);
    for (const row of rows) {
      const to = resealedWith(keys, row);
      if (to === undefined) rotation.unreadable.push(row.id);
      else if (dryRun || (await keep(metadata, row, to))) rotation.resealed += 1;
    }
    const last = rows.at(-1);
    if (last === undefined) return rotation;
    after = last.id;
  }
}

function resealedWith(keys: SecretKeys, row: ConnectionRow): Sealed | undefined {
  try {
    return sealCredentials(keys.current, row, openCredentials(keys, row));
  } catch {
    // Told by the id of the row; why may only be asked of whoever has the key.
    return undefined;
  }
}

/** False when somebody has given other credentials meanwhile: those are under the current key. */
async function keep(
  metadata: Metadata,
  { id, key_id, sealed_credentials }: ConnectionRow,
  to: Sealed,
): Promise<boolean> {
  const from = { key_id, sealed_credentials };
  return await metadata.write(resealConnectionTransaction, { id, from, to, at: timestamp(Date.now()) });
}
