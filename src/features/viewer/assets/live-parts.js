// @ts-check
/**
 * What a relay has said of one stream.
 *
 * @typedef {import('./live-rows.js').LivePart} LivePart
 * @typedef {{ name: string, data: string, id: string }} LiveEvent
 */

/** A relay keeps fewer for those who read along; what it withdraws is remembered for longer. */
const mostParts = 200;
/** By then the server has said it too, or the timeline has moved on. */
const confirmedForMs = 60_000;

const states = new Set(['unconfirmed', 'confirmed', 'rejected', 'failed']);

export class LiveParts {
  /** In order of arrival, by place and bytes. @type {Map<string, LivePart & { saidAt: number }>} */
  #parts = new Map();

  /** @param {LiveEvent} event @param {number} nowMs */
  take({ name, data }, nowMs) {
    if (name === 'reset') {
      // What was withdrawn stays told; whatever else there is, the relay says again.
      for (const [key, { state }] of this.#parts)
        if (state === 'unconfirmed' || state === 'confirmed') this.#parts.delete(key);
      return;
    }
    if (name !== 'chunk' && name !== 'state') return;
    const said = JSON.parse(data);
    const key = `${said.chunk_index} ${said.sha256_hex}`;
    const known = this.#parts.get(key);
    // The relay is another server: only what this page knows how to say is taken from it.
    if (!states.has(said.state) || (name === 'state' && known === undefined)) return;
    const part = name === 'chunk' ? partOf(said) : known;
    if (part === undefined) return;
    this.#parts.set(key, { ...part, state: said.state, saidAt: nowMs });
    const [oldest] = this.#parts.keys();
    if (this.#parts.size > mostParts && oldest !== undefined) this.#parts.delete(oldest);
  }

  /** @param {number} nowMs @returns {LivePart[]} */
  list(nowMs) {
    for (const [key, { state, saidAt }] of this.#parts)
      if (state === 'confirmed' && nowMs - saidAt > confirmedForMs) this.#parts.delete(key);
    return [...this.#parts.values()].map(({ saidAt: _, ...part }) => part);
  }
}

/** @param {Record<string, unknown>} said @returns {LivePart | undefined} */
function partOf({ chunk_index: index, sha256_hex: hash, byte_size: bytes, started_at: from, ended_at: to }) {
  const good =
    typeof index === 'number' &&
    typeof hash === 'string' &&
    typeof bytes === 'number' &&
    typeof from === 'string' &&
    typeof to === 'string' &&
    Date.parse(to) > Date.parse(from);
  return good
    ? { chunk_index: index, sha256_hex: hash, byte_size: bytes, started_at: from, ended_at: to, state: 'unconfirmed' }
    : undefined;
}
