import { z } from 'zod';
import type { Timestamp } from '#kit/time.ts';
import { stateAt } from './safety-check-state.ts';
import type { SafetyCheckRow } from './safety-checks.store.ts';

const time = z.iso.datetime();

export const safetyCheckShape = z
  .object({
    id: z.string(),
    incident_id: z.string(),
    state: z.enum(['active', 'cancelled', 'missed', 'resolved']),
    due_at: time,
    grace_seconds: z.number().int(),
    overdue_at: time.describe('due_at and the grace: from then on it is missed'),
    created_at: time,
    updated_at: time,
    missed_at: time.optional(),
    ended_at: time.optional().describe('When it was cancelled or resolved'),
  })
  .meta({ id: 'SafetyCheck' });

/** As it is at that time, whatever has been written down by then. */
export function safetyCheckJson(check: SafetyCheckRow, at: Timestamp): z.output<typeof safetyCheckShape> {
  const state = stateAt(check, at);
  const missedAt = check.missed_at ?? (state === 'missed' ? check.overdue_at : null);
  return {
    id: check.id,
    incident_id: check.incident_id,
    state,
    due_at: check.due_at,
    grace_seconds: check.grace_seconds,
    overdue_at: check.overdue_at,
    created_at: check.created_at,
    updated_at: check.updated_at,
    ...(missedAt === null ? {} : { missed_at: missedAt }),
    ...(check.ended_at === null ? {} : { ended_at: check.ended_at }),
  };
}
