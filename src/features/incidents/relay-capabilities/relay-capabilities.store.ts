import type { Selectable } from 'kysely';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { hashSecret } from '#platform/process/secrets.ts';
import type { FanoutRole } from './relay-capabilities.config.ts';
import type { RelayCapabilitiesTable } from './relay-capabilities.tables.ts';

export type CapabilityRow = Selectable<RelayCapabilitiesTable>;

export async function capabilityById(db: Db, id: string): Promise<CapabilityRow | undefined> {
  return await db.selectFrom('relay_capabilities').selectAll().where('id', '=', id).executeTakeFirst();
}

/** One look at everything that ends a capability. */
const standing = compiled((db, by: { tokenHash: string }) =>
  db
    .selectFrom('relay_capabilities')
    .innerJoin('accounts', 'accounts.id', 'relay_capabilities.account_id')
    .innerJoin('incidents', 'incidents.id', 'relay_capabilities.incident_id')
    .innerJoin('media_streams', 'media_streams.id', 'relay_capabilities.stream_id')
    .select([
      'relay_capabilities.kind',
      'relay_capabilities.incident_id',
      'relay_capabilities.stream_id',
      'relay_capabilities.account_id',
      'relay_capabilities.created_at',
      'relay_capabilities.expires_at',
      'relay_capabilities.revoked_at',
      'accounts.username',
      'accounts.role',
      'accounts.password_changed_at',
      'incidents.owner_account_id',
      'incidents.status',
      'incidents.deletion_state',
      'media_streams.status as stream_status',
      'media_streams.variant_role',
    ])
    .where('relay_capabilities.token_hash', '=', by.tokenHash),
);

export interface CapabilityUse {
  kind: CapabilityRow['kind'];
  token: string;
  incidentId: string;
  streamId: string;
}

export interface Granted {
  /** Whose capability it is; what it uploads is theirs. */
  caller: Caller;
  expiresAt: string;
  role: FanoutRole;
  /** False where the stream or its incident has ended: what was accepted before can still be answered. */
  isOpen: boolean;
}

/** Whatever is wrong with it, for whatever place: relay_capability_invalid. Read from the database each time, so that what ends it ends it now. */
export async function useCapability(db: Db, use: CapabilityUse): Promise<Granted> {
  const found = await standing.first(db, { tokenHash: hashSecret(use.token) });
  const good =
    found !== undefined &&
    found.kind === use.kind &&
    found.incident_id === use.incidentId &&
    found.stream_id === use.streamId &&
    found.revoked_at === null &&
    found.expires_at > timestamp(Date.now()) &&
    // Whoever had to change their password did not mean to leave this behind.
    found.password_changed_at <= found.created_at &&
    found.deletion_state === 'active' &&
    (found.role === 'admin' || found.owner_account_id === found.account_id);
  if (!good) throw new Problem('relay_capability_invalid');
  return {
    caller: { accountId: found.account_id, username: found.username, role: found.role, sessionId: '' },
    expiresAt: found.expires_at,
    role: found.variant_role ?? 'none',
    isOpen: found.status === 'open' && found.stream_status === 'open',
  };
}
