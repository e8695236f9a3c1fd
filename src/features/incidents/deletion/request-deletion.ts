import { type Actor, auditEntry } from '#features/audit/index.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { requestDeletionTransaction } from './decide-deletion.ts';
import type { DecisionRow } from './deletion.store.ts';
import type { DeletionDecisionsTable } from './deletion.tables.ts';

export interface DeletionRequest {
  incidentId: string;
  source: Exclude<DeletionDecisionsTable['source'], 'retention_policy'>;
  reasonCode: string | undefined;
  allowOpen: boolean;
  by: Actor;
}

/** Throws incident_not_found, incident_open. */
export async function requestDeletion(deps: { metadata: Metadata }, request: DeletionRequest): Promise<DecisionRow> {
  const now = Date.now();
  return await deps.metadata.write(requestDeletionTransaction, {
    id: newId('del', now),
    incidentId: request.incidentId,
    source: request.source,
    reasonCode: request.reasonCode ?? null,
    actorAccountId: request.by.actor === 'account' ? request.by.actorAccountId : null,
    allowOpen: request.allowOpen,
    at: timestamp(now),
    audit: auditEntry(
      {
        ...request.by,
        action: 'incident.request_deletion',
        subjectType: 'incident',
        subjectId: request.incidentId,
        detail: request.source,
      },
      now,
    ),
  });
}
