import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import { tellCount, tellRange } from '#http/pages/tell.js';
import type { BundleKind } from '#kit/evidence/bundle/group-facts.ts';
import { type Row, rowLength, rowNote, stateNames } from '../assets/row-words.js';
import {
  alsoKeptNote,
  bundlesOf,
  earlierNote,
  factsOf,
  groupTitle,
  leadOf,
  stripPath,
  tooLargeNote,
} from '../assets/timeline-words.js';
import type { ViewerData } from '../viewer-data.ts';
import { type Timeline, timelineOf, type ViewerGroup, type ViewerTimeline } from './timeline-data.ts';

/** So many rows need no click to be seen. */
const rowsOpen = 8;

const emptyTimeline: ViewerTimeline = {
  ...timelineOf('', []),
  supersessions: { recorded: 0, withdrawn: 0 },
};

const stripParts = [
  ['best', stateNames.best],
  ['fallback', stateNames.fallback],
  ['context_only', stateNames.context_only],
  ['missing', stateNames.missing],
] as const;

/** One section a capture group. What the script adds later is a copy of the template. */
export function captureSections(token: string, data: ViewerData, timelines: readonly ViewerTimeline[]): Markup {
  const open = data.incident.status === 'open';
  const byId = new Map(timelines.map((timeline) => [timeline.capture_group_id, timeline]));
  return html`<div id="captures" class="captures">
      ${data.capture_groups.map((group) => captureSection(group, byId.get(group.id) ?? emptyTimeline, data, token))}
    </div>
    <p id="more-captures" class="left-out" ${data.more_capture_groups ? '' : 'hidden'}>Older timelines of this incident are left out here.</p>
    <template id="capture-section">${captureSection(undefined, emptyTimeline, data, token)}</template>
    <template id="capture-row">${evidenceRow(undefined, { open, hasContext: false })}</template>`;
}

/** With no group: the empty shape that the script fills. */
function captureSection(
  group: ViewerGroup | undefined,
  timeline: ViewerTimeline,
  data: ViewerData,
  token: string,
): Markup {
  const open = data.incident.status === 'open';
  const title = `capture-${group?.id ?? ''}`;
  return html`<section class="capture" data-capture="${group?.id}" aria-labelledby="${title}">
    <h2 id="${title}" data-field="title">${group === undefined ? '' : groupTitle(group.label)}</h2>
    <p class="behind" data-field="behind" hidden></p>
    <p class="lead" data-field="large" ${group?.too_large ? '' : 'hidden'}>${group?.too_large ? tooLargeNote(group) : ''}</p>
    ${group?.too_large ? '' : timelinePart(group, timeline, open, token)}
    ${groupDownloads(group, data, token)}
  </section>`;
}

function timelinePart(group: ViewerGroup | undefined, timeline: ViewerTimeline, open: boolean, token: string): Markup {
  return html`<div class="captures" data-part="timeline">
    ${timelineSummary(timeline, open)}
    <details class="moments" ${timeline.rows.length <= rowsOpen ? 'open' : ''}>
      <summary>Range by range<span data-field="count">${rangeCount(timeline)}</span></summary>
      <p data-field="earlier" ${earlierNote(timeline) === '' ? 'hidden' : ''}>${earlierNote(timeline)}</p>
      <ol class="evidence" data-list="rows" data-since="${timeline.source_started_at}">
        ${timeline.rows.map((row) => evidenceRow(row, { open, hasContext: hasContext(timeline) }, timeline.source_started_at))}
      </ol>
      <p class="soft" data-field="also" ${alsoKeptNote(timeline) === '' ? 'hidden' : ''}>${alsoKeptNote(timeline)}</p>
    </details>
    <p><a class="more" href="${group === undefined ? '' : `${token}/capture-groups/${group.id}`}">Every segment, page by page</a></p>
  </div>`;
}

const bundleNames: Record<BundleKind, string> = {
  canonical: 'What was chosen of it',
  partial: 'All of it that is confirmed',
  completed: 'Its complete recordings alone',
};

function groupDownloads(group: ViewerGroup | undefined, data: ViewerData, token: string): Markup {
  const there = group === undefined ? [] : bundlesOf(data, group);
  const link = (kind: BundleKind) =>
    html`<li data-bundle="${kind}" ${there.includes(kind) ? '' : 'hidden'}>
      <a href="${group === undefined ? '' : `${token}/capture-groups/${group.id}/download?kind=${kind}`}" download
        ><span data-field="name">${bundleNames[kind]}</span> <span class="size"><span class="visually-hidden">, </span>encrypted ZIP</span></a
      >
    </li>`;
  return html`<div data-part="bundles" ${there.length === 0 ? 'hidden' : ''}>
    <h3>Download this timeline</h3>
    <ul class="downloads">
      ${(['canonical', 'partial', 'completed'] as const).map(link)}
    </ul>
  </div>`;
}

function rangeCount(timeline: Timeline): string {
  return `, ${tellCount(timeline.rows.length + timeline.earlier_row_count, 'range')}`;
}

export function hasContext({ context }: Timeline): boolean {
  return context.present + context.shared > 0;
}

export function timelineSummary(timeline: ViewerTimeline, open: boolean): Markup {
  const { source_started_at: from, source_ended_at: to } = timeline;
  const known = from !== undefined && to !== undefined;
  return html`<p class="lead" data-field="lead">${leadOf(timeline, open)}</p>
    <div class="strip" data-part="strip" aria-hidden="true" ${known ? '' : 'hidden'}>
      <svg viewBox="0 0 1000 40" preserveAspectRatio="none" focusable="false">
        ${stripParts.map(([part]) => html`<path class="bar-${part}" data-strip="${part}" d="${stripPath(timeline, part)}"></path>`)}
      </svg>
      <ul class="legend">
        ${stripParts.map(
          ([part, name]) =>
            html`<li data-legend="${part}" ${timeline.strip[part].length > 0 ? '' : 'hidden'}><span class="swatch-${part}"></span>${name}</li>`,
        )}
      </ul>
    </div>
    <dl class="facts">
      <div data-row="span" ${known ? '' : 'hidden'}><dt>Time</dt><dd>${known ? rangeTimes(from, to) : rangeTimes('', '')}</dd></div>
      ${factsOf(timeline).map(
        ([key, label, text]) =>
          html`<div data-row="${key}" ${text === '' ? 'hidden' : ''}><dt>${label}</dt><dd data-field="${key}">${text}</dd></div>`,
      )}
    </dl>
    <p class="soft">Only what this server has confirmed counts here. Context is sealed: nobody but who has the key can read it, this server neither.</p>`;
}

/** In UTC, and in the reader's own time where scripts can tell it. */
export function rangeTimes(from: string, to: string, since?: string): Markup {
  const time = (at: string, name: string) => html`<time datetime="${at}" data-tell="clock" data-edge="${name}"></time>`;
  return html`<span class="local" hidden>${time(from, 'from')} to ${time(to, 'to')}</span>
    <span class="utc" data-field="utc">${from === '' ? '' : tellRange(from, to, since)}</span>`;
}

/** With no row: the empty shape that the script fills. */
export function evidenceRow(row: Row | undefined, words: { open: boolean; hasContext: boolean }, since = ''): Markup {
  return html`<li data-evidence="${row?.state}">
    <p class="when">${rangeTimes(row?.source_started_at ?? '', row?.source_ended_at ?? '', since)} <span class="length" data-field="length">${row && rowLength(row)}</span></p>
    <p class="chip" data-field="state">${row && stateNames[row.state]}</p>
    <p class="note" data-field="note">${row && rowNote(row, words)}</p>
  </li>`;
}
