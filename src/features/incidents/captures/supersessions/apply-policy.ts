import { auditEntry } from '#features/audit/index.ts';
import { isProblem } from '#kit/errors.ts';
import type { ConfirmedChunk } from '#kit/evidence/evidence.ts';
import { policyVersion } from '#kit/evidence/policy.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { groupsToLookAt } from '../captures.store.ts';
import { resolveGroup } from '../resolve-group.ts';
import { judgeSupersession } from './judge-supersession.ts';
import { supersessionsOf } from './supersessions.store.ts';
import { lookedAtTransaction, recordSupersessionTransaction } from './supersessions.transactions.ts';

interface PolicyDeps {
  metadata: Metadata;
  blobs: BlobStore;
}

type Group = Awaited<ReturnType<typeof groupsToLookAt>>[number];

const groupsAtOnce = 20;
const rowsAtOnce = 1_000;

/**
 * Records what better evidence supersedes in groups whose evidence has changed, under the conditions that people's decisions meet. What
 * is recorded already stands, also where somebody took it back. Safe to interrupt, and to repeat from any node. Returns how many it
 * recorded. A blob that the store does not give holds up neither other pairs nor other groups: its group goes to the end of the line,
 * and what the store said is thrown at the end.
 */
export async function applySupersessionPolicy(deps: PolicyDeps, ending: AbortSignal): Promise<number> {
  let recorded = 0;
  let unread: unknown;
  for (const group of await groupsToLookAt(deps.metadata.read, groupsAtOnce)) {
    let lookAgain = false;
    for (const pair of await undecided(deps.metadata, group)) {
      if (ending.aborted) return recorded;
      try {
        if (await record(deps, group, pair)) recorded += 1;
      } catch (error) {
        // Where nothing can be read, asking for one blob after the other would only take long.
        if (!isProblem(error, 'storage_unavailable') || (await deps.blobs.health()) === 'unavailable') throw error;
        unread ??= error;
        lookAgain = true;
      }
    }
    await deps.metadata.write(lookedAtTransaction, {
      groupId: group.id,
      lookAt: group.look_at ?? '',
      again: lookAgain ? timestamp(Date.now()) : null,
    });
  }
  if (unread !== undefined) throw unread;
  return recorded;
}

interface Pair {
  better: ConfirmedChunk;
  lesser: ConfirmedChunk;
}

const nameOf = (better: readonly [string, string], lesser: readonly [string, string]) =>
  JSON.stringify([better, lesser]);

/** What the resolution replaces and nobody has decided about. */
async function undecided({ read }: Metadata, { id }: Group): Promise<Pair[]> {
  const decided = new Set<string>();
  for (let after: string | undefined; ; ) {
    const rows = await supersessionsOf(read, id, rowsAtOnce, after);
    for (const row of rows)
      decided.add(
        nameOf(
          [row.superseding_stream_id, row.superseding_segment_id],
          [row.superseded_stream_id, row.superseded_segment_id],
        ),
      );
    if (rows.length < rowsAtOnce) break;
    after = rows.at(-1)?.id;
  }
  // One that is too large to look through stays as it is: all of it is evidence.
  const resolved = await resolveGroup(read, id).catch((error: unknown) => {
    if (isProblem(error, 'capture_group_too_large')) return undefined;
    throw error;
  });
  return (resolved?.segments ?? [])
    .flatMap(({ chosen, superseded }) => superseded.map((lesser) => ({ better: chosen, lesser })))
    .filter(
      ({ better, lesser }) =>
        !decided.has(nameOf([better.streamId, better.segmentId], [lesser.streamId, lesser.segmentId])),
    );
}

async function record({ metadata, blobs }: PolicyDeps, group: Group, { better, lesser }: Pair): Promise<boolean> {
  const superseding = { streamId: better.streamId, segmentId: better.segmentId };
  const superseded = { streamId: lesser.streamId, segmentId: lesser.segmentId };
  const question = { incidentId: group.incident_id, groupId: group.id, superseding, superseded };
  const judged = await judgeSupersession({ read: metadata.read, blobs }, question);
  // Bytes that cannot be read are for the doctor; what they would replace stays what it is.
  if (judged.violated !== undefined) return false;
  const now = Date.now();
  try {
    const { isNew } = await metadata.write(recordSupersessionTransaction, {
      incidentId: group.incident_id,
      unlessWithdrawn: true,
      row: {
        id: newId('sup', now),
        capture_group_id: group.id,
        superseding_stream_id: superseding.streamId,
        superseding_segment_id: superseding.segmentId,
        superseded_stream_id: superseded.streamId,
        superseded_segment_id: superseded.segmentId,
        coverage_basis: judged.basis,
        validation_state: 'validated',
        policy_version: policyVersion,
        reason: judged.reason,
        actor: 'policy',
        actor_account_id: null,
        withdraws_id: null,
        created_at: timestamp(now),
      },
      audit: auditEntry(
        {
          actor: 'server',
          ...(group.owner_account_id === null ? {} : { ownerAccountId: group.owner_account_id }),
          action: 'supersession.record',
          subjectType: 'capture_group',
          subjectId: group.id,
        },
        now,
      ),
    });
    return isNew;
  } catch (error) {
    // Deleted meanwhile, and all that was to be said with it.
    if (isProblem(error, 'incident_deleting') || isProblem(error, 'incident_not_found')) return false;
    throw error;
  }
}
