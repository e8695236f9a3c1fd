import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import { type Trx, transaction } from '#platform/metadata/metadata.ts';
import { incidentById } from '../incident-access.ts';
import { type DecisionRow, decisionOf } from './deletion.store.ts';
import type { DeletionDecisionsTable } from './deletion.tables.ts';

interface RequestDeletion {
  id: string;
  incidentId: string;
  source: DeletionDecisionsTable['source'];
  reasonCode: string | null;
  actorAccountId: string | null;
  allowOpen: boolean;
  at: Timestamp;
  audit: AuditEntry;
}

/** Decides once: from here on the incident takes nothing more, and the paths of its blobs are written down. Repeats get the same decision. */
export const requestDeletionTransaction = transaction(
  'deletion.request',
  async (trx, input: RequestDeletion): Promise<DecisionRow> => {
    const earlier = await decisionOf(trx, input.incidentId);
    if (earlier !== undefined) return earlier;
    const incident = await incidentById(trx, input.incidentId);
    if (incident === undefined) throw new Problem('incident_not_found');
    if (incident.status === 'open' && !input.allowOpen) throw new Problem('incident_open');
    const { count } = await trx
      .selectFrom('chunks')
      .select((builder) => builder.fn.countAll<number>().as('count'))
      .where('incident_id', '=', incident.id)
      .executeTakeFirstOrThrow();
    const decision: DecisionRow = {
      id: input.id,
      incident_id: incident.id,
      source: input.source,
      reason_code: input.reasonCode,
      actor_account_id: input.actorAccountId,
      allow_open: input.allowOpen ? 1 : 0,
      state: 'deletion_pending',
      item_count: Number(count),
      error_code: null,
      requested_at: input.at,
      updated_at: input.at,
      deleted_at: null,
    };
    await trx.insertInto('incident_deletion_decisions').values(decision).execute();
    await trx
      .insertInto('incident_deletion_items')
      .columns(['id', 'decision_id', 'stored_path', 'byte_size', 'state', 'updated_at'])
      .expression(
        trx
          .selectFrom('chunks')
          .select((builder) => [
            // One item a chunk, so the chunk's own id tells them apart.
            builder.fn<string>('replace', ['id', builder.val<string>('chk_'), builder.val<string>('dit_')]).as('id'),
            builder.val<string>(decision.id).as('decision_id'),
            'stored_path',
            'byte_size',
            builder.val<'pending'>('pending').as('state'),
            builder.val<string>(input.at).as('updated_at'),
          ])
          .where('incident_id', '=', incident.id),
      )
      .execute();
    await setState(trx, incident.id, 'deletion_pending', input.at);
    await appendAudit(trx, input.audit);
    return decision;
  },
);

async function setState(trx: Trx, incidentId: string, state: DecisionRow['state'], at: Timestamp): Promise<void> {
  await trx
    .updateTable('incidents')
    .set({ deletion_state: state, updated_at: at })
    .where('id', '=', incidentId)
    .execute();
}

export const startDeletionTransaction = transaction(
  'deletion.start',
  async (trx, input: { decisionId: string; incidentId: string; at: Timestamp }) => {
    await trx
      .updateTable('incident_deletion_decisions')
      .set({ state: 'deleting', updated_at: input.at })
      .where('id', '=', input.decisionId)
      .where('state', '!=', 'deleted')
      .execute();
    await setState(trx, input.incidentId, 'deleting', input.at);
  },
);

export const itemsRemovedTransaction = transaction(
  'deletion.items_removed',
  async (trx, input: { itemIds: string[]; at: Timestamp }) => {
    await trx
      .updateTable('incident_deletion_items')
      .set((builder) => ({ state: 'removed', attempts: builder('attempts', '+', 1), updated_at: input.at }))
      .where('id', 'in', input.itemIds)
      .execute();
  },
);

export const deletionFailedTransaction = transaction(
  'deletion.failed',
  async (
    trx,
    input: { decisionId: string; incidentId: string; itemIds: string[]; errorCode: string; at: Timestamp },
  ) => {
    if (input.itemIds.length > 0) {
      await trx
        .updateTable('incident_deletion_items')
        .set((builder) => ({ attempts: builder('attempts', '+', 1), updated_at: input.at }))
        .where('id', 'in', input.itemIds)
        .execute();
    }
    await trx
      .updateTable('incident_deletion_decisions')
      .set({ state: 'deletion_failed', error_code: input.errorCode, updated_at: input.at })
      .where('id', '=', input.decisionId)
      .execute();
    await setState(trx, input.incidentId, 'deletion_failed', input.at);
  },
);

const childTables = ['upload_operations', 'chunks', 'media_streams', 'checkins', 'incident_tokens'] as const;

/** After the last blob: the rows go, the account gets its room back, a tombstone without any words of the client stays. */
export const finishDeletionTransaction = transaction(
  'deletion.finish',
  async (trx, input: { decisionId: string; incidentId: string; at: Timestamp; audit: AuditEntry }) => {
    const left = await trx
      .selectFrom('incident_deletion_items')
      .select('id')
      .where('decision_id', '=', input.decisionId)
      .where('state', '=', 'pending')
      .limit(1)
      .executeTakeFirst();
    const decision = await decisionOf(trx, input.incidentId);
    if (left !== undefined || decision === undefined || decision.state === 'deleted') return;
    const incident = await incidentById(trx, input.incidentId);
    const { bytes } = await trx
      .selectFrom('chunks')
      .select((builder) => builder.fn.sum<number | null>('byte_size').as('bytes'))
      .where('incident_id', '=', input.incidentId)
      .executeTakeFirstOrThrow();
    if (incident?.owner_account_id != null) {
      await trx
        .updateTable('accounts')
        .set((builder) => ({ bytes_used: builder('bytes_used', '-', Number(bytes ?? 0)) }))
        .where('id', '=', incident.owner_account_id)
        .execute();
    }
    for (const table of childTables) await trx.deleteFrom(table).where('incident_id', '=', input.incidentId).execute();
    await trx.deleteFrom('incident_deletion_items').where('decision_id', '=', input.decisionId).execute();
    await trx
      .updateTable('incidents')
      .set({
        deletion_state: 'deleted',
        client_label: null,
        notes: null,
        incident_mode: null,
        capture_profile: null,
        escalation_policy: null,
        sharing_state: null,
        updated_at: input.at,
      })
      .where('id', '=', input.incidentId)
      .execute();
    await trx
      .updateTable('incident_deletion_decisions')
      .set({ state: 'deleted', error_code: null, deleted_at: input.at, updated_at: input.at })
      .where('id', '=', input.decisionId)
      .execute();
    await appendAudit(trx, input.audit);
  },
);

export const purgeTombstoneTransaction = transaction(
  'deletion.purge_tombstone',
  async (trx, input: { incidentId: string }) => {
    await trx
      .deleteFrom('incident_deletion_decisions')
      .where('incident_id', '=', input.incidentId)
      .where('state', '=', 'deleted')
      .execute();
    await trx
      .deleteFrom('incidents')
      .where('id', '=', input.incidentId)
      .where('deletion_state', '=', 'deleted')
      .execute();
  },
);

export const purgeTokensTransaction = transaction(
  'deletion.purge_tokens',
  async (trx, input: { endedBefore: Timestamp }) => {
    const tokens = await trx
      .deleteFrom('incident_tokens')
      .where((builder) =>
        builder.or([builder('revoked_at', '<', input.endedBefore), builder('expires_at', '<', input.endedBefore)]),
      )
      .executeTakeFirst();
    const sessions = await trx
      .deleteFrom('auth_sessions')
      .where((builder) =>
        builder.or([builder('revoked_at', '<', input.endedBefore), builder('expires_at', '<', input.endedBefore)]),
      )
      .executeTakeFirst();
    return { tokens: Number(tokens.numDeletedRows), sessions: Number(sessions.numDeletedRows) };
  },
);

export const deletionTransactions = [
  requestDeletionTransaction,
  startDeletionTransaction,
  itemsRemovedTransaction,
  deletionFailedTransaction,
  finishDeletionTransaction,
  purgeTombstoneTransaction,
  purgeTokensTransaction,
];
