import { html } from 'hono/html';
import {
  type CaptureGroupRow,
  captureGroupsOf,
  resolvedChunksAtMost,
  resolveGroup,
  type StreamRow,
} from '#features/incidents/index.ts';
import type { Markup } from '#http/pages/moment.ts';
import { table } from '#http/pages/parts.pages.ts';
import { tellCount, tellSpan } from '#http/pages/tell.js';
import { type EvidenceLayout, layOutEvidence } from '#kit/evidence/lay-out-evidence.ts';
import type { Db } from '#platform/metadata/metadata.ts';

/** Each costs a resolution. */
const groupsShown = 5;

interface Group {
  row: CaptureGroupRow;
  streams: number;
  chunks: number;
  /** Not there where it has too many chunks for it. */
  layout: EvidenceLayout | undefined;
}

export interface GroupsView {
  groups: readonly Group[];
  more: boolean;
}

/** The newest groups of an incident, and what is confirmed of each. */
export async function groupsView(read: Db, incidentId: string, streams: readonly StreamRow[]): Promise<GroupsView> {
  const found = await captureGroupsOf(read, incidentId, groupsShown + 1);
  const groups: Group[] = [];
  for (const row of found.slice(0, groupsShown)) {
    const own = streams.filter(({ capture_group_id }) => capture_group_id === row.id);
    const chunks = own.reduce((sum, { chunk_count }) => sum + chunk_count, 0);
    const layout = chunks > resolvedChunksAtMost ? undefined : layOutEvidence(await resolveGroup(read, row.id));
    groups.push({ row, streams: own.length, chunks, layout });
  }
  return { groups, more: found.length > groupsShown };
}

export function groupsSection({ groups, more }: GroupsView): Markup {
  if (groups.length === 0) return html``;
  return html`<section aria-labelledby="captures">
    <h2 id="captures">Timelines</h2>
    ${table(
      'Capture groups, newest first',
      [
        { label: 'Capture group', cell: ({ row }) => html`<code>${row.id}</code>` },
        { label: 'Label', cell: ({ row }) => row.label ?? '' },
        { label: 'Streams', cell: ({ streams }) => streams.toLocaleString('en') },
        { label: 'Parts', cell: ({ chunks }) => chunks.toLocaleString('en') },
        {
          label: 'Confirmed',
          cell: ({ layout }) => (layout === undefined ? 'too much to be looked through here' : confirmedOf(layout)),
        },
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
