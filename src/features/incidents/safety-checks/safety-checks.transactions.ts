import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { assertNotDeleting, incidentHeld, incidentToChange } from '../incident-access.ts';
import { stateAt } from './safety-check-state.ts';
import { holdingSafetyCheck, type SafetyCheckRow, safetyCheckToChange } from './safety-checks.store.ts';

/** The same again, while it is active, gets the first one. Throws safety_check_exists. */
export const createSafetyCheckTransaction = transaction(
  'safety_checks.create',
  async (
    trx,
    { check, audit }: { check: SafetyCheckRow; audit: AuditEntry },
  ): Promise<{ check: SafetyCheckRow; isNew: boolean }> => {
    // To itself: retention has decided on the incident, which is then under deletion, or finds the check when it does.
    const incident = await incidentToChange(trx, check.incident_id);
    if (incident === undefined) throw new Problem('incident_not_found');
    assertNotDeleting(incident);
    const earlier = await holdingSafetyCheck(trx, incident.id);
    if (earlier !== undefined) {
      const isSame = earlier.due_at === check.due_at && earlier.grace_seconds === check.grace_seconds;
      if (isSame && stateAt(earlier, check.created_at) === 'active') return { check: earlier, isNew: false };
      throw new Problem('safety_check_exists');
    }
    await trx.insertInto('safety_checks').values(check).execute();
    await appendAudit(trx, audit);
    return { check, isNew: true };
  },
);

interface EndSafetyCheck {
  incidentId: string;
  checkId: string;
  to: 'cancelled' | 'resolved';
  /** When the request came: one that came in time is in time, however long it waited here. */
  at: Timestamp;
  audit: AuditEntry;
  /** For one whose miss nobody has written down yet. */
  missedAudit: AuditEntry;
}

/** Again changes nothing. Throws safety_check_not_found, safety_check_not_active, safety_check_not_missed. */
export const endSafetyCheckTransaction = transaction(
  'safety_checks.end',
  async (trx, input: EndSafetyCheck): Promise<SafetyCheckRow> => {
    const incident = await incidentHeld(trx, input.incidentId);
    if (incident === undefined) throw new Problem('incident_not_found');
    assertNotDeleting(incident);
    const check = await safetyCheckToChange(trx, input.incidentId, input.checkId);
    if (check.state === input.to) return check;
    const state = stateAt(check, input.at);
    if (input.to === 'cancelled' && state !== 'active') throw new Problem('safety_check_not_active');
    if (input.to === 'resolved' && state !== 'missed') throw new Problem('safety_check_not_missed');
    const isNoted = check.state === state;
    const ended = {
      state: input.to,
      updated_at: input.at,
      missed_at: isNoted ? check.missed_at : check.overdue_at,
      ended_at: input.at,
    };
    await trx.updateTable('safety_checks').set(ended).where('id', '=', check.id).execute();
    await appendAudit(trx, ...(isNoted ? [] : [input.missedAudit]), input.audit);
    return { ...check, ...ended };
  },
);

interface NoteMissed {
  incidentId: string;
  checkId: string;
  at: Timestamp;
  audit: AuditEntry;
}

/** False when it was ended meanwhile, or another has written it down. */
export const noteMissedTransaction = transaction(
  'safety_checks.note_missed',
  async (trx, input: NoteMissed): Promise<boolean> => {
    const check = await trx
      .selectFrom('safety_checks')
      .selectAll()
      .where('id', '=', input.checkId)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (check?.state !== 'active' || stateAt(check, input.at) !== 'missed') return false;
    await trx
      .updateTable('safety_checks')
      .set({ state: 'missed', missed_at: check.overdue_at, updated_at: input.at })
      .where('id', '=', check.id)
      .execute();
    await appendAudit(trx, input.audit);
    return true;
  },
);

export const safetyCheckTransactions = [createSafetyCheckTransaction, endSafetyCheckTransaction, noteMissedTransaction];
