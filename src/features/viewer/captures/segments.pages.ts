import { html } from 'hono/html';
import type { StreamRow, SupersessionRow } from '#features/incidents/index.ts';
import { type Markup, moment } from '#http/pages/moment.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import { tellCount } from '#http/pages/tell.js';
import type { Resolution, SegmentEvidence, SourceRange } from '#kit/evidence/evidence.ts';
import { compareRanges } from '#kit/evidence/timeline.ts';
import { timestamp } from '#kit/time.ts';
import { groupTitle } from '../assets/timeline-words.js';
import { frame } from '../frame.pages.ts';
import { warning } from '../viewer-data.ts';
import { timelineSummary } from './captures.pages.ts';
import { gapItem, segmentItem, Troubles } from './segment.pages.ts';
import type { ViewerGroup, ViewerTimeline } from './timeline-data.ts';

const segmentsAPage = 100;

interface SegmentsView {
  group: ViewerGroup;
  timeline: ViewerTimeline;
  resolution: Resolution;
  streams: readonly StreamRow[];
  /** The first of them. */
  decisions: readonly SupersessionRow[];
  takenBack: ReadonlySet<string>;
  page: number;
}

/** Every segment of one capture group, some on each page. It does not change while it is read. */
export function segmentsPage(
  files: StaticFiles,
  token: string,
  view: SegmentsView,
  open: boolean,
  nowMs: number,
): Markup {
  const { group, timeline, resolution } = view;
  const entries: (SegmentEvidence | SourceRange)[] = [...resolution.segments, ...resolution.gaps].sort(compareRanges);
  const pages = Math.max(1, Math.ceil(entries.length / segmentsAPage));
  const page = Math.min(view.page, pages);
  const shown = entries.slice((page - 1) * segmentsAPage, page * segmentsAPage);
  const troubles = new Troubles(resolution);
  const title = groupTitle(group.label);
  return frame(
    files,
    title,
    html`<script type="module" src="${files.href('segments.js')}"></script>`,
    html`<main id="content" tabindex="-1">
      <p><a href="../../${token}">Back to the incident</a></p>
      <h1>${title}</h1>
      <p class="warning"><strong>${warning.limit}</strong> ${warning.advice}</p>
      <p class="connection">As of ${moment(timestamp(nowMs))}. Reload the page to see what is new.</p>
      <section class="capture" aria-labelledby="summary-title">
        <h2 id="summary-title">In short</h2>
        ${timelineSummary(timeline, open)}
      </section>
      <section class="capture" aria-labelledby="segments-title">
        <h2 id="segments-title">Every segment${pages === 1 ? '' : `, page ${page} of ${pages}`}</h2>
        ${entries.length === 0 ? html`<p>Nothing is confirmed yet.</p>` : ''}
        <ol class="evidence" data-since="${timeline.source_started_at}">
          ${shown.map((entry) =>
            'segmentId' in entry
              ? segmentItem(entry, troubles.of(entry.segmentId), timeline.source_started_at)
              : gapItem(entry, open, timeline.source_started_at),
          )}
        </ol>
        ${pageLinks(page, pages)}
      </section>
      ${decisionsSection(view)}
    </main>`,
    html`<p>Timeline <code>${group.id}</code>, chosen by policy ${timeline.policy_version}</p>
      <p>Whoever has the address of this page can see it. Share it only with people you trust.</p>`,
  );
}

function pageLinks(page: number, pages: number): Markup {
  if (pages === 1) return html``;
  const link = (to: number, text: string) => html`<a class="button quiet" href="?page=${to}">${text}</a>`;
  return html`<nav class="paging" aria-label="Pages of segments">
    ${page > 1 ? link(page - 1, 'Earlier segments') : ''} ${page < pages ? link(page + 1, 'Later segments') : ''}
  </nav>`;
}

const reasons: Record<SupersessionRow['reason'], string> = {
  higher_quality_confirmed: 'better quality of the same segment was confirmed',
  audio_replaced_by_master: 'the full recording holds the sound too',
  segment_superset_confirmed: 'a longer part of better quality was confirmed',
  withdrawn: 'taken back',
};

/** Recorded decisions about choosing. They remove nothing, and what is shown above is not made from them. */
function decisionsSection({ decisions, takenBack, timeline, streams }: SegmentsView): Markup {
  const { recorded, withdrawn } = timeline.supersessions;
  if (recorded === 0) return html``;
  const standing = decisions.filter(({ withdraws_id }) => withdraws_id === null);
  const roleOf = new Map(streams.map((stream) => [stream.id, stream.variant_role?.replaceAll('_', ' ') ?? '']));
  return html`<section class="capture" aria-labelledby="decisions-title">
    <h2 id="decisions-title">Decisions recorded</h2>
    <p class="soft">${tellCount(recorded, 'replacement')}${withdrawn === 0 ? '' : `, ${withdrawn} taken back`}. Both parts are kept.</p>
    ${standing.length < recorded ? html`<p class="soft">The first ${standing.length} of them.</p>` : ''}
    <ul class="decisions">
      ${standing.map(
        (row) => html`<li>
          <p><code>${row.superseding_segment_id}</code> of the ${roleOf.get(row.superseding_stream_id)} instead of
            <code>${row.superseded_segment_id}</code> of the ${roleOf.get(row.superseded_stream_id)}: ${reasons[row.reason]}.</p>
          <p class="soft">${moment(row.created_at)}, ${row.actor === 'account' ? 'by the owner' : 'by the policy'}${takenBack.has(row.id) ? '; taken back' : ''}</p>
        </li>`,
      )}
    </ul>
  </section>`;
}
