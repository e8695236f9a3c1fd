import { accountByUsername } from '#features/accounts/index.ts';
import { auditEntry } from '#features/audit/index.ts';
import { assignOwnerTransaction } from '#features/incidents/index.ts';
import type { Caller } from '#http/caller.ts';
import { isProblem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { FieldError } from '../field-errors.ts';

/** Once, for an incident that came from an older server. Throws FieldError. */
export async function assignOwner(
  metadata: Metadata,
  admin: Caller,
  incidentId: string,
  username: string,
): Promise<void> {
  const account = await accountByUsername(metadata.read, username.toLowerCase());
  if (account === undefined) throw new FieldError('username', 'There is no account with this username.');
  try {
    await metadata.write(assignOwnerTransaction, {
      incidentId,
      accountId: account.id,
      at: timestamp(Date.now()),
      audit: auditEntry({
        actor: 'account',
        actorAccountId: admin.accountId,
        action: 'incident.assign_owner',
        subjectType: 'incident',
        subjectId: incidentId,
        detail: account.id,
      }),
    });
  } catch (error) {
    if (isProblem(error, 'incident_has_owner') || isProblem(error, 'incident_deleting'))
      throw new FieldError('username', error.message);
    throw error;
  }
}
