import { auditEntry } from '#features/audit/index.ts';
import { newId } from '#kit/ids.ts';
import { formatDuration, timestamp } from '#kit/time.ts';
import type { Db, Metadata } from '#platform/metadata/metadata.ts';
import { type RetentionDecision, retireIncidentTransaction } from './decide-deletion.ts';
import type { DeletionConfig } from './deletion.config.ts';
import { purgeTokensTransaction, purgeTombstoneTransaction } from './deletion.transactions.ts';
import {
  type ClosedIncident,
  countEnded,
  dueIncidents,
  expiredTombstones,
  heldIncidents,
  sizesOf,
} from './retention.store.ts';
import { holdsOf, type RetentionHold } from './retention-holds.ts';
import { closedBefore, type RetentionRule, retentionRules } from './retention-policy.ts';

export interface RetentionPreview {
  /** `dry_run`: a server with these settings would take none of the incidents yet. */
  modeRetention: DeletionConfig['modeRetention'];
  /** Without those by which incidents stay for ever. */
  rules: { incident_mode: RetentionRule['mode']; after: string; setting: string }[];
  /** Closed incidents whose time is over, oldest first, and the setting that says so. */
  incidents: (ClosedIncident & { setting: string; chunks: number; bytes: number })[];
  /** Those that would go, if nothing held them. */
  held: (ClosedIncident & { setting: string; holds: RetentionHold[] })[];
  viewerLinks: number;
  sessions: number;
  /** Records of earlier deletions whose own time is over. */
  tombstones: string[];
}

const atMost = 1_000;

/** What a retention turn at `nowMs` would take, why, and what is held by what. Changes nothing. */
export async function previewRetention(db: Db, config: DeletionConfig, nowMs: number): Promise<RetentionPreview> {
  const [due, held] = [await ofRules(db, config, nowMs, dueIncidents), await ofRules(db, config, nowMs, heldIncidents)];
  const sizes = await sizesOf(db, idsOf(due));
  const holds = await holdsOf(db, idsOf(held), timestamp(nowMs));
  return {
    modeRetention: config.modeRetention,
    rules: retentionRules(config).map(({ mode, afterMs, setting }) => ({
      incident_mode: mode,
      after: formatDuration(afterMs),
      setting,
    })),
    incidents: due.map(({ incident, rule }) => ({
      ...incident,
      setting: rule.setting,
      ...(sizes.get(incident.id) ?? { chunks: 0, bytes: 0 }),
    })),
    held: held.map(({ incident, rule }) => ({
      ...incident,
      setting: rule.setting,
      holds: holds.get(incident.id) ?? [],
    })),
    ...(await records(db, config, nowMs)),
  };
}

interface ByRule {
  incident: ClosedIncident;
  rule: RetentionRule;
}

const idsOf = (found: readonly ByRule[]) => found.map(({ incident }) => incident.id);

/** Of all rules together, the longest overdue by the clock first. */
async function ofRules(
  db: Db,
  config: DeletionConfig,
  nowMs: number,
  find: typeof dueIncidents | typeof heldIncidents,
): Promise<ByRule[]> {
  const found: ByRule[] = [];
  for (const rule of retentionRules(config)) {
    const incidents = await find(db, rule.mode, closedBefore(rule, nowMs), atMost);
    found.push(...incidents.map((incident) => ({ incident, rule })));
  }
  const closedAt = ({ incident }: ByRule) => incident.closed_at ?? '';
  return found.sort((a, b) => (closedAt(a) < closedAt(b) ? -1 : 1)).slice(0, atMost);
}

/** What is only a record of the past. */
async function records(db: Db, config: DeletionConfig, nowMs: number) {
  const before = (ms: number) => timestamp(nowMs - ms);
  const { tokenMetadataRetentionMs: tokenMs, tombstoneRetentionMs: tombMs } = config;
  return {
    viewerLinks: tokenMs === 0 ? 0 : await countEnded(db, 'incident_tokens', before(tokenMs)),
    sessions: tokenMs === 0 ? 0 : await countEnded(db, 'auth_sessions', before(tokenMs)),
    tombstones: tombMs === 0 ? [] : await expiredTombstones(db, before(tombMs), atMost),
  };
}

export interface RetentionTurn {
  /** The modes of the incidents whose deletion was decided, null for those without one. */
  decided: RetentionRule['mode'][];
  /** Incidents that would have been decided on, in a dry run. */
  wouldGo: number;
  /** Incidents whose time is over and which something holds. */
  held: number;
}

/** One retention turn: decides deletions for the deletion worker, and removes metadata that is only a record of the past. */
export async function applyRetention(deps: { metadata: Metadata }, config: DeletionConfig): Promise<RetentionTurn> {
  const now = Date.now();
  const { read } = deps.metadata;
  const due = await ofRules(read, config, now, dueIncidents);
  const turn: RetentionTurn = {
    decided: [],
    wouldGo: 0,
    held: (await ofRules(read, config, now, heldIncidents)).length,
  };
  if (config.modeRetention === 'dry_run') turn.wouldGo = due.length;
  else {
    for (const { incident, rule } of due) {
      const outcome = await decide(deps, incident.id, rule, now);
      if (outcome === 'decided') turn.decided.push(rule.mode);
      // Since it was looked for.
      if (outcome === 'held') turn.held += 1;
    }
  }
  const { viewerLinks, sessions, tombstones } = await records(read, config, now);
  if (viewerLinks + sessions > 0) {
    await deps.metadata.write(purgeTokensTransaction, {
      endedBefore: timestamp(now - config.tokenMetadataRetentionMs),
    });
  }
  for (const incidentId of tombstones) await deps.metadata.write(purgeTombstoneTransaction, { incidentId });
  return turn;
}

/** Judged again where nothing can change any more: what was due when it was looked for may be held by now. */
async function decide(
  deps: { metadata: Metadata },
  incidentId: string,
  rule: RetentionRule,
  nowMs: number,
): Promise<RetentionDecision> {
  return await deps.metadata.write(retireIncidentTransaction, {
    id: newId('del', nowMs),
    incidentId,
    reasonCode: rule.reasonCode,
    closedBefore: closedBefore(rule, nowMs),
    at: timestamp(nowMs),
    audit: auditEntry(
      {
        actor: 'server',
        action: 'incident.request_deletion',
        subjectType: 'incident',
        subjectId: incidentId,
        detail: `retention_policy: ${rule.setting}, ${formatDuration(rule.afterMs)}`,
      },
      nowMs,
    ),
  });
}
