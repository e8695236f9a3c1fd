import { tellCount, tellRange } from '../../../http/pages/tell.js';
import { copyOf, fill, show } from './draw.js';
import { withLive } from './live-rows.js';
import { rowLength, rowNote, stateNames } from './row-words.js';
import {
  alsoKeptNote,
  bundlesOf,
  earlierNote,
  factsOf,
  groupTitle,
  leadOf,
  stripPath,
  tooLargeNote,
} from './timeline-words.js';

/**
 * The timelines of capture groups, put into the sections that the server wrote. As in draw.js, only text and attributes are set.
 *
 * @typedef {import('./happening.js').Data} Data
 * @typedef {import('./timeline-words.js').Timeline} Timeline
 * @typedef {import('./live-rows.js').LivePart} LivePart
 */

/** A section for every group that has none yet. @param {Data} data */
export function drawGroups(data) {
  const place = document.getElementById('captures');
  for (const group of data.capture_groups) {
    if (sectionOf(group.id) === undefined) addSection(group, place);
    const section = sectionOf(group.id);
    drawBundles(section, bundlesOf(data, group));
    show(asElement(section?.querySelector('[data-part=timeline]') ?? null), !group.too_large);
    show(fill(section, 'large', group.too_large ? tooLargeNote(group) : ''), group.too_large);
  }
  show(document.getElementById('more-captures'), data.more_capture_groups);
}

/** @param {Data['capture_groups'][number]} group @param {HTMLElement | null} place */
function addSection(group, place) {
  const section = copyOf('capture-section');
  if (section === undefined || place === null) return;
  section.dataset.capture = group.id;
  const title = fill(section, 'title', groupTitle(group.label));
  if (title !== undefined) title.id = `capture-${group.id}`;
  section.setAttribute('aria-labelledby', `capture-${group.id}`);
  const address = `${location.pathname}/capture-groups/${encodeURIComponent(group.id)}`;
  for (const link of section.querySelectorAll('a')) {
    const item = link.closest('[data-bundle]');
    link.href = item === null ? address : `${address}/download?kind=${item.getAttribute('data-bundle')}`;
  }
  place.append(section);
}

/** @param {HTMLElement | undefined} section @param {readonly string[]} kinds */
function drawBundles(section, kinds) {
  show(asElement(section?.querySelector('[data-part=bundles]') ?? null), kinds.length > 0);
  for (const item of section?.querySelectorAll('[data-bundle]') ?? [])
    show(asElement(item), kinds.includes(item.getAttribute('data-bundle') ?? ''));
}

/** @param {string} groupId */
function sectionOf(groupId) {
  return [...(document.getElementById('captures')?.children ?? [])].find(
    /** @returns {section is HTMLElement} */ (section) =>
      section instanceof HTMLElement && section.dataset.capture === groupId,
  );
}

/** How many parts are confirmed and not drawn. @param {string} groupId @param {number} count */
export function drawBehind(groupId, count) {
  const text = count > 0 ? `${tellCount(count, 'more part')} confirmed since. This timeline shows them soon.` : '';
  show(fill(sectionOf(groupId), 'behind', text), count > 0);
}

/**
 * @param {Timeline} timeline
 * @param {boolean} open does the incident go on?
 * @param {readonly LivePart[]} parts what a relay shows of its streams
 */
export function drawTimeline(timeline, open, parts) {
  const section = sectionOf(timeline.capture_group_id);
  if (section === undefined) return;
  const { source_started_at: from, source_ended_at: to } = timeline;
  fill(section, 'lead', leadOf(timeline, open));
  const strip = section.querySelector('.strip');
  for (const path of section.querySelectorAll('[data-strip]')) {
    const part = partOf(path.getAttribute('data-strip'));
    const d = stripPath(timeline, part);
    if (path.getAttribute('d') !== d) path.setAttribute('d', d);
    show(asElement(section.querySelector(`[data-legend=${part}]`)), timeline.strip[part].length > 0);
  }
  show(asElement(strip), from !== undefined);
  for (const [key, , text] of factsOf(timeline)) {
    fill(section, key, text);
    show(asElement(section.querySelector(`[data-row=${key}]`)), text !== '');
  }
  const span = asElement(section.querySelector('[data-row=span]'));
  show(span, from !== undefined);
  if (from !== undefined && to !== undefined) drawRange(span, from, to, undefined);
  drawRows(section, timeline, open, parts);
  fill(section, 'count', `, ${tellCount(timeline.rows.length + timeline.earlier_row_count, 'range')}`);
  show(fill(section, 'earlier', earlierNote(timeline)), timeline.earlier_row_count > 0);
  show(fill(section, 'also', alsoKeptNote(timeline)), timeline.also_kept.length > 0);
}

/** @param {string | null} name */
function partOf(name) {
  return name === 'fallback' || name === 'context_only' || name === 'missing' ? name : 'best';
}

/** @param {Element | null} element */
const asElement = (element) => (element instanceof HTMLElement ? element : null);

/** @param {HTMLElement} section @param {Timeline} timeline @param {boolean} open @param {readonly LivePart[]} parts */
function drawRows(section, timeline, open, parts) {
  const list = asElement(section.querySelector('[data-list=rows]'));
  if (list === null) return;
  const since = timeline.source_started_at ?? '';
  if (list.dataset.since !== since) list.dataset.since = since;
  const hasContext = timeline.context.present + timeline.context.shared > 0;
  const rows = withLive(timeline.rows, parts, new Set(timeline.recent_sha256));
  for (const [index, row] of rows.entries()) {
    const item = asElement(list.children[index] ?? null) ?? copyOf('capture-row');
    if (item === undefined) return;
    if (item.dataset.evidence !== row.state) item.dataset.evidence = row.state;
    drawRange(item, row.source_started_at, row.source_ended_at, since);
    fill(item, 'length', rowLength(row));
    fill(item, 'state', stateNames[row.state]);
    fill(item, 'note', rowNote(row, { open, hasContext }));
    if (item.parentElement === null) list.append(item);
  }
  while (list.children.length > rows.length) list.lastElementChild?.remove();
}

/** @param {HTMLElement | null} root @param {string} from @param {string} to @param {string | undefined} since */
function drawRange(root, from, to, since) {
  for (const time of root?.querySelectorAll('time') ?? []) {
    const at = time.dataset.edge === 'to' ? to : from;
    if (time.dateTime !== at) time.dateTime = at;
  }
  fill(root, 'utc', tellRange(from, to, since));
}
