import type { GroupReport } from '#client/bundle/group/group-report.ts';
import { type VariantRole, variantRoles } from '#kit/evidence/evidence.ts';
import { showName } from './show-name.ts';

const roleWords: Record<VariantRole, string> = {
  evidence_master: 'master',
  audio_priority: 'sound alone',
  live_preview: 'live preview',
  location_context: 'sealed place',
  metadata_context: 'sealed context',
};

/** Of each list of ranges; `--json` has all of them. */
const mostShown = 8;

/** What is chosen, what stands in for a master, and what is missing. */
export function groupLines(group: GroupReport): string[] {
  const chosen = variantRoles.flatMap((role) => {
    const count = group.chosen[role];
    return count === undefined ? [] : [`${count} ${roleWords[role]}`];
  });
  return [
    `capture group  ${showName(group.capture_group_id)}, ${group.kind}, chosen by policy ${group.policy_version}`,
    `        as of ${group.as_of}${group.incident_status === 'open' ? '; the incident is open, more may come' : ''}`,
    `        manifest SHA-256 ${group.manifest_sha256}`,
    `        ${group.segments} ${group.segments === 1 ? 'segment' : 'segments'}${chosen.length === 0 ? '' : `, chosen: ${chosen.join(', ')}`}`,
    ...rangeLines('fallback, no master chosen', group.fallback),
    ...rangeLines('master missing', group.master_missing),
    ...rangeLines('master covers a part only', group.master_partial),
    ...rangeLines('context missing', group.context_missing),
    ...rangeLines('nothing confirmed', group.gaps),
    ...countLine('overlaps of segments', group.overlaps),
    ...countLine('conflicts on the timeline', group.conflicts),
    ...countLine('recorded supersessions', group.supersessions),
    ...group.variants.flatMap(variantLines),
    '',
  ];
}

function variantLines(variant: GroupReport['variants'][number]): string[] {
  const { stream_id, media_type, variant_role, status, confirmed, included, missing_chunks: missing } = variant;
  const shown = missing
    .slice(0, mostShown)
    .map(({ first_index: first, last_index: last }) => (first === last ? `${first}` : `${first} to ${last}`));
  const rest = missing.length > mostShown ? ` and ${missing.length - mostShown} more ranges` : '';
  return [
    `        ${roleWords[variant_role]} (${media_type}, ${status})  ${showName(stream_id)}: ${included} of ${confirmed} confirmed chunks are here`,
    ...(missing.length === 0 ? [] : [`                missing: ${shown.join(', ')}${rest}`]),
  ];
}

function rangeLines(what: string, ranges: GroupReport['gaps']): string[] {
  const shown = ranges
    .slice(0, mostShown)
    .map(({ source_started_at: from, source_ended_at: to }) => `                ${from} to ${to}`);
  const more = ranges.length > mostShown ? [`                and ${ranges.length - mostShown} more`] : [];
  return ranges.length === 0 ? [] : [`        ${what}:`, ...shown, ...more];
}

function countLine(what: string, count: number): string[] {
  return count === 0 ? [] : [`        ${what}: ${count}`];
}
