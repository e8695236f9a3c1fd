import { eventsOf } from './event-stream.js';
import { LiveParts } from './live-parts.js';

/**
 * Reads along at a relay, with what whoever shared the link put behind the `#`: `#live=<stream id>.<capability>`, for several streams with
 * commas between. No server sees that, and nothing of it is copied anywhere else.
 *
 * @typedef {import('./live-rows.js').LivePart} LivePart
 * @typedef {'waiting' | 'reading' | 'lost' | 'over'} LiveState
 */

const firstWaitMs = 1_000;
const longestWaitMs = 30_000;
/** A relay gives a sign of life more often. */
const silenceMs = 45_000;

/** @param {string} hash of the address @returns {{ streamId: string, capability: string }[]} */
export function invitationsIn(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, '')).get('live') ?? '';
  return given.split(',').flatMap((part) => {
    const [, streamId = '', capability = ''] = /^(str_[\w-]{1,64})\.([\w-]+)$/.exec(part) ?? [];
    return streamId === '' ? [] : [{ streamId, capability }];
  });
}

/** One stream at the relay. */
export class FollowedStream {
  streamId;
  /** @type {LiveState} */
  state = 'waiting';
  #address;
  #capability;
  #parts = new LiveParts();
  #lastId = '';
  #changed;

  /** @param {string} address of its events @param {{ streamId: string, capability: string }} invitation @param {() => void} changed */
  constructor(address, { streamId, capability }, changed) {
    this.#address = address;
    this.streamId = streamId;
    this.#capability = capability;
    this.#changed = changed;
  }

  parts() {
    return this.#parts.list(Date.now());
  }

  /** Until the relay says that it is over. */
  async follow() {
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, waitMs * 2)) {
      try {
        if (await this.#read()) return this.#become('over');
        waitMs = firstWaitMs;
      } catch {
        // Cut off, or never reached: said on the page, and tried again.
        if (this.state === 'reading') waitMs = firstWaitMs;
        this.#become('lost');
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs * (0.8 + Math.random() * 0.4)));
    }
  }

  /** @returns {Promise<boolean>} whether it is over for good */
  async #read() {
    const stop = new AbortController();
    let timer = setTimeout(() => stop.abort(), silenceMs);
    try {
      const response = await fetch(this.#address, {
        cache: 'no-store',
        credentials: 'omit',
        headers: {
          Authorization: `Bearer ${this.#capability}`,
          ...(this.#lastId === '' ? {} : { 'Last-Event-ID': this.#lastId }),
        },
        signal: stop.signal,
      });
      if ([401, 403, 404].includes(response.status)) return true;
      if (!response.ok || response.body === null) throw new Error('not an answer');
      this.#become('reading');
      for await (const { name, data, id } of eventsOf(response.body)) {
        clearTimeout(timer);
        timer = setTimeout(() => stop.abort(), silenceMs);
        if (id !== '') this.#lastId = id;
        if (name === 'end') return ['revoked', 'expired', 'closed'].includes(JSON.parse(data).reason);
        this.#parts.take({ name, data, id }, Date.now());
        this.#changed();
      }
      throw new Error('cut off');
    } finally {
      clearTimeout(timer);
      stop.abort();
    }
  }

  /** @param {LiveState} state */
  #become(state) {
    this.state = state;
    this.#changed();
  }
}
