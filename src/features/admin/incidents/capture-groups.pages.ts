import { html } from 'hono/html';
import {
  type CaptureGroupRow,
  captureGroupsOf,
  confirmedChunksOf,
  type IncidentRow,
  type StreamRow,
} from '#features/incidents/index.ts';
import type { Markup } from '#http/pages/moment.ts';
import { table } from '#http/pages/parts.pages.ts';
import { tellCount, tellSpan } from '#http/pages/tell.js';
import { type EvidenceLayout, layOutEvidence } from '#kit/evidence/lay-out-evidence.ts';
import { resolveEvidence } from '#kit/evidence/resolve-evidence.ts';
import type { Db } from '#platform/metadata/metadata.ts';

/** Each costs a resolution. */
const groupsShown = 5;

export interface GroupsView {
  groups: readonly { row: CaptureGroupRow; layout: EvidenceLayout }[];
  more: boolean;
}

/** The newest groups of an incident, and what is confirmed of each. */
export async function groupsView(read: Db, incident: IncidentRow): Promise<GroupsView> {
  const found = await captureGroupsOf(read, incident.id, groupsShown + 1);
  const groups: { row: CaptureGroupRow; layout: EvidenceLayout }[] = [];
  for (const row of found.slice(0, groupsShown))
    groups.push({ row, layout: layOutEvidence(resolveEvidence(await confirmedChunksOf(read, row.id))) });
  return { groups, more: found.length > groupsShown };
}

export function groupsSection({ groups, more }: GroupsView, streams: readonly StreamRow[]): Markup {
  if (groups.length === 0) return html``;
  const streamsIn = (id: string) => streams.filter(({ capture_group_id }) => capture_group_id === id).length;
  return html`<section aria-labelledby="captures">
    <h2 id="captures">Timelines</h2>
    ${table(
      'Capture groups, newest first',
      [
        { label: 'Capture group', cell: ({ row }) => html`<code>${row.id}</code>` },
        { label: 'Label', cell: ({ row }) => row.label ?? '' },
        { label: 'Streams', cell: ({ row }) => streamsIn(row.id).toLocaleString('en') },
        { label: 'Parts', cell: ({ layout }) => layout.chunks.toLocaleString('en') },
        { label: 'Confirmed', cell: ({ layout }) => confirmedOf(layout) },
      ],
      groups,
    )}
    ${more ? html`<p>There are older ones.</p>` : ''}
  </section>`;
}

function confirmedOf({ lengths, parts }: EvidenceLayout): string {
  const told = [
    lengths.best > 0 ? `${tellSpan(lengths.best)} in full` : '',
    lengths.fallback > 0 ? `${tellSpan(lengths.fallback)} by a stand-in` : '',
    lengths.context_only > 0 ? `${tellSpan(lengths.context_only)} without picture or sound` : '',
    lengths.missing > 0 ? `${tellSpan(lengths.missing)} missing in ${tellCount(parts.missing.length, 'gap')}` : '',
  ].filter(Boolean);
  return told.length === 0 ? 'nothing' : told.join(', ');
}
