import { isBefore, type Timestamp } from '#kit/time.ts';
import type { SafetyCheckRow } from './safety-checks.store.ts';

/** What it is at that time. The row of one that is missed says so only after the worker's next turn. */
export function stateAt(check: Pick<SafetyCheckRow, 'state' | 'overdue_at'>, at: Timestamp): SafetyCheckRow['state'] {
  return check.state === 'active' && !isBefore(at, check.overdue_at) ? 'missed' : check.state;
}

/** Both of them hold their incident back from retention. */
export const holdingStates = ['active', 'missed'] as const;
