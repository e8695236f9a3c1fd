import { timestamp } from '#kit/time.ts';
import type { Db, Metadata } from '#platform/metadata/metadata.ts';
import type { DeletionConfig } from './deletion.config.ts';
import { purgeTokensTransaction, purgeTombstoneTransaction } from './deletion.transactions.ts';
import { requestDeletion } from './request-deletion.ts';

export interface RetentionPreview {
  /** Closed incidents whose time is over, oldest first. */
  incidents: { id: string; closed_at: string | null; chunks: number; bytes: number }[];
  viewerLinks: number;
  sessions: number;
  /** Records of earlier deletions whose own time is over. */
  tombstones: string[];
}

const atMost = 1_000;

/** What a retention turn at `nowMs` would take. Changes nothing. */
export async function previewRetention(db: Db, config: DeletionConfig, nowMs: number): Promise<RetentionPreview> {
  const { incidentIds, ...due } = await dueNow(db, config, nowMs);
  return { incidents: incidentIds.length === 0 ? [] : await summaries(db, incidentIds), ...due };
}

interface Due extends Omit<RetentionPreview, 'incidents'> {
  incidentIds: string[];
}

async function dueNow(db: Db, config: DeletionConfig, nowMs: number): Promise<Due> {
  const before = (ms: number) => timestamp(nowMs - ms);
  const {
    closedIncidentRetentionMs: closedMs,
    tokenMetadataRetentionMs: tokenMs,
    tombstoneRetentionMs: tombMs,
  } = config;
  return {
    incidentIds: closedMs === 0 ? [] : await expiredIncidents(db, before(closedMs)),
    viewerLinks: tokenMs === 0 ? 0 : await countEnded(db, 'incident_tokens', before(tokenMs)),
    sessions: tokenMs === 0 ? 0 : await countEnded(db, 'auth_sessions', before(tokenMs)),
    tombstones: tombMs === 0 ? [] : await expiredTombstones(db, before(tombMs)),
  };
}

/** One retention turn: decides deletions for the deletion worker, and removes metadata that is only a record of the past. */
export async function applyRetention(deps: { metadata: Metadata }, config: DeletionConfig): Promise<void> {
  const now = Date.now();
  const { incidentIds, ...due } = await dueNow(deps.metadata.read, config, now);
  for (const incidentId of incidentIds) {
    await requestDeletion(deps, {
      incidentId,
      source: 'retention_policy',
      reasonCode: 'closed_incident_retention',
      allowOpen: false,
      by: { actor: 'server' },
    });
  }
  if (due.viewerLinks + due.sessions > 0) {
    await deps.metadata.write(purgeTokensTransaction, {
      endedBefore: timestamp(now - config.tokenMetadataRetentionMs),
    });
  }
  for (const incidentId of due.tombstones) await deps.metadata.write(purgeTombstoneTransaction, { incidentId });
}

/** What is still to become a chunk, or to be refused, holds it off: nobody has been told yet what became of it. */
async function expiredIncidents(db: Db, closedBefore: string): Promise<string[]> {
  const rows = await db
    .selectFrom('incidents')
    .select('id')
    .where('status', '=', 'closed')
    .where('deletion_state', '=', 'active')
    .where('closed_at', '<', closedBefore)
    .where(({ exists, not, selectFrom }) =>
      not(
        exists(
          selectFrom('resumable_uploads')
            .select('resumable_uploads.id')
            .whereRef('resumable_uploads.incident_id', '=', 'incidents.id')
            .where('resumable_uploads.state', '=', 'open'),
        ),
      ),
    )
    .orderBy('closed_at')
    .limit(atMost)
    .execute();
  return rows.map((row) => row.id);
}

/** Reads every row of their chunks: for a person who asks, not for the server. */
async function summaries(db: Db, ids: readonly string[]): Promise<RetentionPreview['incidents']> {
  const rows = await db
    .selectFrom('incidents')
    .leftJoin('chunks', 'chunks.incident_id', 'incidents.id')
    .select((builder) => [
      'incidents.id',
      'incidents.closed_at',
      builder.fn.count<number>('chunks.id').as('chunks'),
      builder.fn.coalesce(builder.fn.sum<number>('chunks.byte_size'), builder.val(0)).as('bytes'),
    ])
    .where('incidents.id', 'in', ids)
    .groupBy(['incidents.id', 'incidents.closed_at'])
    .orderBy('incidents.closed_at')
    .execute();
  return rows.map((row) => ({ ...row, chunks: Number(row.chunks), bytes: Number(row.bytes) }));
}

async function countEnded(db: Db, table: 'incident_tokens' | 'auth_sessions', before: string): Promise<number> {
  const row = await db
    .selectFrom(table)
    .select((builder) => builder.fn.countAll<number>().as('count'))
    .where((builder) => builder.or([builder('revoked_at', '<', before), builder('expires_at', '<', before)]))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

async function expiredTombstones(db: Db, deletedBefore: string): Promise<string[]> {
  const rows = await db
    .selectFrom('incident_deletion_decisions')
    .select('incident_id')
    .where('state', '=', 'deleted')
    .where('deleted_at', '<', deletedBefore)
    .limit(atMost)
    .execute();
  return rows.map((row) => row.incident_id);
}
