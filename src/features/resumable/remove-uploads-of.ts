import type { PartDeps } from './receive-parts.ts';
import { leavingUploadsOf } from './resumable.store.ts';
import { endUploadsOfTransaction } from './resumable.transactions.ts';
import { removeUpload } from './tend-uploads.ts';

const atOnce = 100;

/**
 * For the deletion of an incident, which takes no new ones any more: its uploads, whatever has become of them, with their words and parts.
 * May be cut short and begun again.
 */
export async function removeUploadsOf(deps: PartDeps, incidentId: string): Promise<void> {
  await deps.metadata.write(endUploadsOfTransaction, { incidentId });
  for (;;) {
    const ids = await leavingUploadsOf(deps.metadata.read, incidentId, atOnce);
    if (ids.length === 0) return;
    for (const id of ids) await removeUpload(deps, id);
  }
}
