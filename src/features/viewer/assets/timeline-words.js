// @ts-check
import { tellCount, tellSpan } from '../../../http/pages/tell.js';
import { evidenceName } from './row-words.js';

/**
 * What the timeline of a capture group says, in words. Runs in the server for the first page and in the browser for every later moment.
 *
 * @typedef {import('./row-words.js').Context} Context
 * @typedef {import('./row-words.js').ConfirmedRow} ConfirmedRow
 * @typedef {[from: number, to: number][]} Bars
 * @typedef {{
 *   capture_group_id: string,
 *   source_started_at?: string | undefined,
 *   source_ended_at?: string | undefined,
 *   chunk_count: number,
 *   segment_count: number,
 *   superseded_count: number,
 *   gap_count: number,
 *   overlap_count: number,
 *   conflict_count: number,
 *   lengths_ms: { best: number, fallback: number, context_only: number, missing: number },
 *   context: Context,
 *   supersessions: { recorded: number, withdrawn: number },
 *   rows: ConfirmedRow[],
 *   earlier_row_count: number,
 *   also_kept: { media_type: string, variant_role: string, quality_profile: string, segment_count: number }[],
 *   recent_sha256: string[],
 *   strip: { best: Bars, fallback: Bars, context_only: Bars, missing: Bars },
 * }} Timeline
 */

/** @param {string | undefined} label */
export function groupTitle(label) {
  return label === undefined ? 'What is confirmed' : `What is confirmed: ${label}`;
}

/** @param {{ chunk_count: number }} group @returns {string} */
export function tooLargeNote({ chunk_count: count }) {
  return `${tellCount(count, 'part')} are confirmed: too many to be shown as a timeline here. All of them are kept, and each complete recording can be downloaded.`;
}

/** @param {Timeline} timeline @param {boolean} open @returns {string} */
export function leadOf({ chunk_count: chunks, lengths_ms: lengths }, open) {
  if (chunks === 0) return open ? 'Nothing of it is confirmed yet.' : 'Nothing of it was confirmed.';
  const { best, fallback, context_only: bare, missing } = lengths;
  const whole = tellSpan(best + fallback + bare + missing);
  if (missing > 0) return `Of ${whole}, ${tellSpan(missing)} are missing.`;
  if (bare > 0) return `For ${tellSpan(bare)} of ${whole} there is neither picture nor sound.`;
  if (fallback === 0) return `All ${whole} are confirmed as full recording.`;
  if (best === 0) return `All ${whole} are confirmed, but only by stand-ins.`;
  return `All ${whole} are confirmed, ${tellSpan(fallback)} of them only by a stand-in.`;
}

/**
 * @param {Timeline} timeline
 * @returns {[key: string, label: string, text: string][]} an empty text where there is nothing to say
 */
export function factsOf(timeline) {
  const { lengths_ms: lengths, context, supersessions, superseded_count: superseded, chunk_count: chunks } = timeline;
  const all = context.present + context.shared + context.missing;
  const withContext = all - context.missing;
  const span = (/** @type {number} */ ms) => (ms === 0 ? '' : tellSpan(ms));
  return [
    ['best', 'Full recording', span(lengths.best)],
    ['fallback', 'Stand-in', span(lengths.fallback)],
    ['context_only', 'No picture or sound', span(lengths.context_only)],
    [
      'missing',
      'Missing',
      lengths.missing === 0 ? '' : `${tellSpan(lengths.missing)} in ${tellCount(timeline.gap_count, 'gap')}`,
    ],
    [
      'context',
      'Sealed context',
      chunks === 0
        ? ''
        : withContext === 0
          ? 'None confirmed'
          : `For ${withContext.toLocaleString('en')} of ${tellCount(all, 'segment')}${context.shared === 0 ? '' : `, ${context.shared.toLocaleString('en')} of them shared`}`,
    ],
    [
      'parts',
      'Parts',
      chunks === 0
        ? ''
        : `${chunks.toLocaleString('en')} confirmed${superseded === 0 ? '' : `, ${superseded.toLocaleString('en')} of them behind better ones`}`,
    ],
    [
      'overlaps',
      'Overlaps',
      timeline.overlap_count === 0 ? '' : tellCount(timeline.overlap_count, 'pair of segments', 'pairs of segments'),
    ],
    [
      'conflicts',
      'Contradictions',
      timeline.conflict_count === 0 ? '' : `${timeline.conflict_count.toLocaleString('en')} in the order of segments`,
    ],
    [
      'decisions',
      'Decisions',
      supersessions.recorded === 0
        ? ''
        : `${tellCount(supersessions.recorded, 'replacement')} recorded${supersessions.withdrawn === 0 ? '' : `, ${supersessions.withdrawn.toLocaleString('en')} taken back`}`,
    ],
  ];
}

/** @param {Timeline} timeline @returns {string} */
export function alsoKeptNote({ also_kept: kept }) {
  if (kept.length === 0) return '';
  const list = kept.map((one) => `${evidenceName(one)}: ${tellCount(one.segment_count, 'segment')}`).join('; ');
  return `Kept beside it, where better parts cover all of their time. ${list}.`;
}

/** @param {Timeline} timeline @returns {string} */
export function earlierNote({ earlier_row_count: earlier }) {
  return earlier === 0
    ? ''
    : `${tellCount(earlier, 'earlier range')} left out here: the page of all segments has them.`;
}

/** Heights of the strip: the less there is, the lower. @type {Record<keyof Timeline['strip'], number>} */
const heights = { best: 40, fallback: 24, context_only: 8, missing: 40 };

/** @param {Timeline} timeline @param {keyof Timeline['strip']} part @returns {string} the `d` of a path */
export function stripPath({ strip }, part) {
  const height = heights[part];
  return strip[part].map(([from, to]) => `M${from} ${40 - height}H${to}V40H${from}Z`).join('');
}

/**
 * Which bundles of a group are worth a link.
 * @param {Pick<import('./happening.js').Data, 'streams'>} data
 * @param {{ id: string, chunk_count: number }} group
 * @returns {('canonical' | 'partial' | 'completed')[]}
 */
export function bundlesOf(data, group) {
  if (group.chunk_count === 0) return [];
  const complete = data.streams.some(
    (stream) => stream.capture_stream_group_id === group.id && stream.status === 'complete',
  );
  return complete ? ['canonical', 'partial', 'completed'] : ['canonical', 'partial'];
}
