// @ts-check
/**
 * Parts that a relay has shown and the server has not confirmed. They are rows beside the timeline and never part of what it counts.
 *
 * @typedef {{
 *   chunk_index: number,
 *   sha256_hex: string,
 *   byte_size: number,
 *   started_at: string,
 *   ended_at: string,
 *   state: 'unconfirmed' | 'confirmed' | 'rejected' | 'failed',
 * }} LivePart
 * @typedef {{
 *   state: 'unconfirmed' | 'withdrawn',
 *   source_started_at: string,
 *   source_ended_at: string,
 *   part_count: number,
 *   byte_size: number,
 *   why?: 'rejected' | 'failed' | undefined,
 * }} LiveRow
 * @typedef {import('./row-words.js').ConfirmedRow} ConfirmedRow
 */

/**
 * The rows shown: those of confirmed evidence as they are, and those of live parts among them in order of time.
 *
 * @param {readonly ConfirmedRow[]} rows
 * @param {readonly LivePart[]} parts in any order. One that the relay calls confirmed stays unconfirmed until the server says the same:
 *   the relay owns no truth.
 * @param {ReadonlySet<string>} confirmed SHA-256 of chunks that the server has confirmed
 * @returns {(ConfirmedRow | LiveRow)[]}
 */
export function withLive(rows, parts, confirmed) {
  const left = parts.filter(({ sha256_hex: hash }) => !confirmed.has(hash));
  const live = [
    ...merged(left.filter(({ state }) => state === 'unconfirmed' || state === 'confirmed')),
    ...merged(left.filter(({ state }) => state === 'rejected')),
    ...merged(left.filter(({ state }) => state === 'failed')),
  ];
  return [...rows, ...live].sort((a, b) => Date.parse(a.source_started_at) - Date.parse(b.source_started_at));
}

/** Neighbours in time as one row. @param {LivePart[]} parts all of one fate @returns {LiveRow[]} */
function merged(parts) {
  /** @type {LiveRow[]} */
  const rows = [];
  const inOrder = parts.toSorted((a, b) => Date.parse(a.started_at) - Date.parse(b.started_at));
  for (const { state, started_at: from, ended_at: to, byte_size: bytes } of inOrder) {
    const last = rows.at(-1);
    if (last === undefined || Date.parse(last.source_ended_at) < Date.parse(from)) {
      rows.push({
        ...(state === 'rejected' || state === 'failed' ? { state: 'withdrawn', why: state } : { state: 'unconfirmed' }),
        source_started_at: from,
        source_ended_at: to,
        part_count: 1,
        byte_size: bytes,
      });
      continue;
    }
    if (Date.parse(last.source_ended_at) < Date.parse(to)) last.source_ended_at = to;
    last.part_count += 1;
    last.byte_size += bytes;
  }
  return rows;
}
