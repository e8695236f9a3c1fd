// @ts-check
import { tellBytes, tellCount, tellSpan } from '../../../http/pages/tell.js';

/**
 * What one range of a timeline says.
 *
 * @typedef {{ present: number, shared: number, missing: number }} Context
 * @typedef {{
 *   state: 'best' | 'fallback' | 'context_only' | 'missing',
 *   source_started_at: string,
 *   source_ended_at: string,
 *   media_type?: string | undefined,
 *   variant_role?: string | undefined,
 *   quality_profile?: string | undefined,
 *   master?: 'present' | 'partial' | 'missing' | undefined,
 *   disputed?: boolean | undefined,
 *   segment_count?: number | undefined,
 *   stands_for?: number | undefined,
 *   superseded_count?: number | undefined,
 *   context?: Context | undefined,
 * }} ConfirmedRow
 * @typedef {import('./live-rows.js').LiveRow} LiveRow
 * @typedef {ConfirmedRow | LiveRow} Row
 */

/** @type {Record<string, string>} */
const media = { video: 'Video', audio: 'Sound', location: 'Places', metadata: 'Details' };
/** @type {Record<string, string>} */
const roles = {
  evidence_master: 'full recording',
  audio_priority: 'sent ahead',
  live_preview: 'small live version',
  location_context: 'sealed',
  metadata_context: 'sealed',
};
/** @type {Record<string, string>} */
const qualities = {
  full_quality: 'full quality',
  adaptive_low_latency: 'reduced quality',
  audio_priority: 'quality for sound',
};

/** @param {{ media_type?: string | undefined, variant_role?: string | undefined, quality_profile?: string | undefined }} chosen */
export function evidenceName({ media_type: type = '', variant_role: role = '', quality_profile: quality = '' }) {
  return [media[type] ?? type, roles[role] ?? role, qualities[quality] ?? ''].filter(Boolean).join(', ');
}

/** @param {{ source_started_at: string, source_ended_at: string }} range @returns {string} how long it is */
export function rowLength({ source_started_at: from, source_ended_at: to }) {
  return tellSpan(Date.parse(to) - Date.parse(from));
}

/** @type {Record<Row['state'], string>} */
export const stateNames = {
  best: 'Full recording',
  fallback: 'Stand-in',
  context_only: 'No picture or sound',
  missing: 'Missing',
  unconfirmed: 'Not confirmed',
  withdrawn: 'Withdrawn',
};

/**
 * @param {Row} row
 * @param {{ open: boolean, hasContext: boolean }} where does the incident go on, and is there any sealed context in the group?
 * @returns {string}
 */
export function rowNote(row, { open, hasContext }) {
  if ('part_count' in row) return liveNote(row);
  if (row.state === 'missing')
    return open ? 'Nothing of this time has arrived so far.' : 'Nothing of this time has arrived.';
  const name = evidenceName(row);
  if (row.state === 'context_only') return `Only this has arrived: ${name}.`;
  const words = [`${name}.`];
  if (row.state === 'fallback') words.push(masterNote(row.master, open));
  if (row.stands_for) words.push(`Also chosen for ${tellCount(row.stands_for, 'shorter segment')} within it.`);
  if (row.superseded_count) words.push(`${tellCount(row.superseded_count, 'lesser part')} kept behind it.`);
  if (hasContext && row.context !== undefined) words.push(contextNote(row.context));
  if (row.disputed) words.push('What the recorder said about its order contradicts itself.');
  return words.join(' ');
}

/** @param {LiveRow} row */
function liveNote({ state, why, part_count: count, byte_size: bytes }) {
  const parts = `${tellCount(count, 'part')}, ${tellBytes(bytes)}.`;
  if (state === 'unconfirmed')
    return `${parts} A relay shows this, and the server has not confirmed it: it does not count as evidence.`;
  const fate = why === 'rejected' ? 'the server refused it' : 'it did not reach the server';
  return `${parts} A relay showed this, and ${fate}: it does not count.`;
}

/** @param {ConfirmedRow['master']} master @param {boolean} open */
function masterNote(master, open) {
  if (master === 'partial') return 'The full recording has arrived only for a part of it.';
  if (master === 'present')
    return 'A full recording of it is confirmed too, but cannot replace it without a loss. Both are kept.';
  return open ? 'The full recording has not arrived so far.' : 'The full recording has not arrived.';
}

/** @param {Context} context */
function contextNote({ present, shared, missing }) {
  const all = present + shared + missing;
  if (present + shared === 0) return 'Its sealed context is missing.';
  const told =
    missing === 0 ? 'With sealed context' : `With sealed context for ${all - missing} of ${tellCount(all, 'segment')}`;
  return shared === 0
    ? `${told}.`
    : `${told}, shared with other parts${shared === all - missing ? '' : ` for ${shared}`}.`;
}
