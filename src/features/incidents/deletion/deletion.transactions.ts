import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import type { Timestamp } from '#kit/time.ts';
import { type Trx, transaction } from '#platform/metadata/metadata.ts';
import { type ChunkSpot, chunksAfter, chunksOfIncident } from '../chunks/chunks.store.ts';
import { incidentToChange } from '../incident-access.ts';
import { requestDeletionTransaction, retireIncidentTransaction, setDeletionState } from './decide-deletion.ts';
import { type DecisionRow, openItems } from './deletion.store.ts';

/**
 * Writes down the blobs of some chunks, after that of the given one, and returns the last of them; undefined when there were fewer
 * than the limit. In steps, since whoever uploads meanwhile waits for each. A step that was taken before adds nothing.
 * Also a sign of life of the worker, as every step is.
 */
export const listItemsTransaction = transaction(
  'deletion.list_items',
  async (
    trx,
    input: { decisionId: string; incidentId: string; after: string | undefined; limit: number; at: Timestamp },
  ) => {
    await setDecision(trx, input.decisionId, { updated_at: input.at });
    const chunks = await chunksOfIncident(trx, input.incidentId, input.limit, input.after);
    if (chunks.length > 0) {
      await trx
        .insertInto('incident_deletion_items')
        .values(
          chunks.map((chunk) => ({
            // One item a chunk, so the chunk's own id tells them apart.
            id: chunk.id.replace('chk_', 'dit_'),
            decision_id: input.decisionId,
            stored_path: chunk.stored_path,
            byte_size: chunk.byte_size,
            state: 'pending' as const,
            updated_at: input.at,
          })),
        )
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    }
    return chunks.length < input.limit ? undefined : chunks.at(-1)?.id;
  },
);

interface Claim {
  decisionId: string;
  incidentId: string;
  /** A worker that has shown no sign since then is gone, and its work is anybody's. Null: there is no other worker. */
  staleBefore: Timestamp | null;
  at: Timestamp;
}

/**
 * Makes an unfinished deletion the work of one worker, until it is done, has failed, or shows no sign any more; false when it is
 * another's. A worker that was only slow does no harm beside its successor: all that either does may be done twice.
 */
export const claimDeletionTransaction = transaction(
  'deletion.claim',
  async (trx, { decisionId, incidentId, staleBefore, at }: Claim): Promise<boolean> => {
    const decision = await trx
      .selectFrom('incident_deletion_decisions')
      .select(['state', 'updated_at'])
      .where('id', '=', decisionId)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst();
    if (decision === undefined || decision.state === 'deleted') return false;
    if (decision.state === 'deleting' && staleBefore !== null && decision.updated_at > staleBefore) return false;
    await setDecision(trx, decisionId, { state: 'deleting', updated_at: at });
    await setDeletionState(trx, incidentId, 'deleting', at);
    return true;
  },
);

/** For a worker that is told to stop: the next one need not wait until it seems gone. */
export const releaseDeletionTransaction = transaction(
  'deletion.release',
  async (trx, input: { decisionId: string; incidentId: string; at: Timestamp }) => {
    const decision = await decisionToChange(trx, input.decisionId);
    if (decision?.state !== 'deleting') return;
    await setDecision(trx, input.decisionId, { state: 'deletion_pending', updated_at: input.at });
    await setDeletionState(trx, input.incidentId, 'deletion_pending', input.at);
  },
);

async function setDecision(trx: Trx, id: string, values: Partial<DecisionRow>): Promise<void> {
  await trx.updateTable('incident_deletion_decisions').set(values).where('id', '=', id).execute();
}

/** Also a sign of life of the worker. */
export const itemsRemovedTransaction = transaction(
  'deletion.items_removed',
  async (trx, input: { decisionId: string; itemIds: string[]; at: Timestamp }) => {
    await setDecision(trx, input.decisionId, { updated_at: input.at });
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
    const decision = await decisionToChange(trx, input.decisionId);
    if (decision === undefined || decision.state === 'deleted') return;
    if (input.itemIds.length > 0) {
      await trx
        .updateTable('incident_deletion_items')
        .set((builder) => ({ attempts: builder('attempts', '+', 1), updated_at: input.at }))
        .where('id', 'in', input.itemIds)
        .execute();
    }
    await setDecision(trx, input.decisionId, {
      state: 'deletion_failed',
      error_code: input.errorCode,
      updated_at: input.at,
    });
    await setDeletionState(trx, input.incidentId, 'deletion_failed', input.at);
  },
);

/** A failed worker and its successor must not undo one another's result. */
async function decisionToChange(trx: Trx, id: string): Promise<DecisionRow | undefined> {
  return await trx
    .selectFrom('incident_deletion_decisions')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
}

/** True when every blob of the decision is gone and its rows are not yet. What follows is this worker's alone until it has ended. */
async function mayRemoveRows(trx: Trx, decisionId: string): Promise<boolean> {
  const decision = await decisionToChange(trx, decisionId);
  if (decision === undefined || decision.state === 'deleted') return false;
  const [left] = await openItems(trx, decisionId, 1);
  return left === undefined;
}

interface RemoveRows {
  decisionId: string;
  incidentId: string;
  limit: number;
  /** Where the last step ended: rows before it are gone, but not yet from PostgreSQL's indexes. */
  after: ChunkSpot | undefined;
  at: Timestamp;
}

/**
 * After the last blob, some rows at a time: the rows of chunks, their room in the account, the items. Says where it ended; undefined
 * when none is left.
 */
export const removeRowsTransaction = transaction(
  'deletion.remove_rows',
  async (trx, input: RemoveRows): Promise<{ after: ChunkSpot | undefined } | undefined> => {
    if (!(await mayRemoveRows(trx, input.decisionId))) return undefined;
    await setDecision(trx, input.decisionId, { updated_at: input.at });
    const chunks = await chunksAfter(trx, input.incidentId, input.limit, input.after);
    const last = chunks.at(-1);
    if (last !== undefined) {
      const removed = await trx
        .deleteFrom('chunks')
        .where(
          'id',
          'in',
          chunks.map((chunk) => chunk.id),
        )
        .returning('byte_size')
        .execute();
      const incident = await incidentToChange(trx, input.incidentId);
      if (incident?.owner_account_id != null) {
        const bytes = removed.reduce((total, chunk) => total + Number(chunk.byte_size), 0);
        await trx
          .updateTable('accounts')
          .set((builder) => ({ bytes_used: builder('bytes_used', '-', bytes) }))
          .where('id', '=', incident.owner_account_id)
          .execute();
      }
      return { after: { stream_id: last.stream_id, media_type: last.media_type, chunk_index: last.chunk_index } };
    }
    const items = await trx
      .deleteFrom('incident_deletion_items')
      .where('id', 'in', (builder) =>
        builder
          .selectFrom('incident_deletion_items')
          .select('id')
          .where('decision_id', '=', input.decisionId)
          .limit(input.limit),
      )
      .executeTakeFirst();
    return Number(items.numDeletedRows) > 0 ? { after: input.after } : undefined;
  },
);

/** Chunks are gone by then, and idempotency keys went with them. */
const childTables = ['media_streams', 'capture_groups', 'safety_checks', 'checkins', 'incident_tokens'] as const;

interface FinishDeletion {
  decisionId: string;
  incidentId: string;
  at: Timestamp;
  audit: AuditEntry;
}

/**
 * After the last row of a chunk: what else hangs on the incident goes; a tombstone without any words of the client stays.
 * False when something is left or another worker has done it.
 */
export const finishDeletionTransaction = transaction(
  'deletion.finish',
  async (trx, input: FinishDeletion): Promise<boolean> => {
    if (!(await mayRemoveRows(trx, input.decisionId))) return false;
    const [chunk] = await chunksOfIncident(trx, input.incidentId, 1);
    if (chunk !== undefined) return false;
    for (const table of childTables) await trx.deleteFrom(table).where('incident_id', '=', input.incidentId).execute();
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
    await setDecision(trx, input.decisionId, {
      state: 'deleted',
      error_code: null,
      deleted_at: input.at,
      updated_at: input.at,
    });
    await appendAudit(trx, input.audit);
    return true;
  },
  { patient: true },
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
  { patient: true },
);

export const deletionTransactions = [
  requestDeletionTransaction,
  retireIncidentTransaction,
  claimDeletionTransaction,
  listItemsTransaction,
  releaseDeletionTransaction,
  itemsRemovedTransaction,
  deletionFailedTransaction,
  removeRowsTransaction,
  finishDeletionTransaction,
  purgeTombstoneTransaction,
  purgeTokensTransaction,
];
