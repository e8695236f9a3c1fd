import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import { isBefore, type Timestamp } from '#kit/time.ts';
import { type Trx, transaction } from '#platform/metadata/metadata.ts';
import { unstreamedSummary } from '../chunks/chunks.store.ts';
import { incidentToChange } from '../incident-access.ts';
import { streamsOf } from '../streams/streams.store.ts';
import { type DecisionRow, decisionOf } from './deletion.store.ts';
import type { DeletionDecisionsTable } from './deletion.tables.ts';
import { holdsOf } from './retention-holds.ts';

interface RequestDeletion {
  id: string;
  incidentId: string;
  source: Exclude<DeletionDecisionsTable['source'], 'retention_policy'>;
  reasonCode: string | null;
  actorAccountId: string | null;
  allowOpen: boolean;
  at: Timestamp;
  audit: AuditEntry;
}

/**
 * Decides once: from here on the incident takes nothing more, so that its blobs can be written down afterwards, in steps.
 * Repeats get the same decision. A person's own wish: what holds retention back does not hold this.
 */
export const requestDeletionTransaction = transaction(
  'deletion.request',
  async (trx, input: RequestDeletion): Promise<DecisionRow> => {
    // To itself: uploads that were being recorded have ended and are among the chunks below; the next find what is decided here.
    const incident = await incidentToChange(trx, input.incidentId);
    if (incident === undefined) throw new Problem('incident_not_found');
    const earlier = await decisionOf(trx, input.incidentId);
    if (earlier !== undefined) return earlier;
    if (incident.status === 'open' && !input.allowOpen) throw new Problem('incident_open');
    return await decide(trx, input);
  },
);

interface RetireIncident {
  id: string;
  incidentId: string;
  reasonCode: string;
  closedBefore: Timestamp;
  at: Timestamp;
  audit: AuditEntry;
}

/** `passed`: its time is not over, or somebody else has decided. */
export type RetentionDecision = 'decided' | 'held' | 'passed';

/**
 * The same by its age. Under the same lock, which whatever may hold the incident takes as well: that is seen here, or finds the incident
 * under deletion.
 */
export const retireIncidentTransaction = transaction(
  'deletion.retire',
  async (trx, input: RetireIncident): Promise<RetentionDecision> => {
    const incident = await incidentToChange(trx, input.incidentId);
    if (incident?.deletion_state !== 'active' || incident.closed_at === null) return 'passed';
    if (!isBefore(incident.closed_at, input.closedBefore)) return 'passed';
    const holds = await holdsOf(trx, [incident.id], input.at);
    if (holds.size > 0) return 'held';
    await decide(trx, { ...input, source: 'retention_policy', actorAccountId: null, allowOpen: false });
    return 'decided';
  },
);

type Decide = Pick<DecisionRow, 'id' | 'source'> &
  Pick<RequestDeletion, 'incidentId' | 'reasonCode' | 'actorAccountId' | 'allowOpen' | 'at' | 'audit'>;

async function decide(trx: Trx, input: Decide): Promise<DecisionRow> {
  const decision: DecisionRow = {
    id: input.id,
    incident_id: input.incidentId,
    source: input.source,
    reason_code: input.reasonCode,
    actor_account_id: input.actorAccountId,
    allow_open: input.allowOpen ? 1 : 0,
    state: 'deletion_pending',
    item_count: await countChunks(trx, input.incidentId),
    error_code: null,
    requested_at: input.at,
    updated_at: input.at,
    deleted_at: null,
  };
  await trx.insertInto('incident_deletion_decisions').values(decision).execute();
  await setDeletionState(trx, input.incidentId, 'deletion_pending', input.at);
  await appendAudit(trx, input.audit);
  return decision;
}

export async function setDeletionState(
  trx: Trx,
  incidentId: string,
  state: DecisionRow['state'],
  at: Timestamp,
): Promise<void> {
  await trx
    .updateTable('incidents')
    .set({ deletion_state: state, updated_at: at })
    .where('id', '=', incidentId)
    .execute();
}

/** The streams have counted; only chunks of the older kind, without one, are counted here. */
async function countChunks(trx: Trx, incidentId: string): Promise<number> {
  const [streams, unstreamed] = [await streamsOf(trx, incidentId), await unstreamedSummary(trx, incidentId)];
  return [...streams.map((stream) => stream.chunk_count), ...unstreamed.map((part) => part.count)].reduce(
    (total, count) => total + count,
    0,
  );
}
