/**
 * The uploads of this page: which wait, which run, what became of them. Knows neither the page nor how bytes are sent.
 *
 * @typedef {'waiting' | 'sending' | 'paused' | 'done' | 'failed' | 'conflict' | 'cancelled'} State
 * @typedef {{ name: string, bytes: number, folderId: string | undefined, source: Blob, path?: string, modifiedMs?: number, handle?: any,
 *   parentId?: string | undefined, folders?: string[], next?: { documentId: string, version: string } }} Wish
 * @typedef {Wish & { id: number, key: string, sent: number, state: State, note: string, tries: number }} Item
 * @typedef {{ signal: AbortSignal, onSent: (bytes: number) => void }} Hold
 * @typedef {(item: Item, hold: Hold) => Promise<void>} Send
 */

export class UploadProblem extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{ again?: boolean, afterMs?: number }} [options] again: may go better another time
   */
  constructor(code, message, { again = false, afterMs } = {}) {
    super(message);
    this.code = code;
    this.again = again;
    this.afterMs = afterMs;
  }
}

const mostTries = 8;
const ended = new Set(['done', 'failed', 'conflict', 'cancelled']);

export class Queue extends EventTarget {
  /** @type {Map<number, Item>} */
  items = new Map();
  /** @type {Map<number, AbortController>} */
  #running = new Map();
  /** @type {Set<ReturnType<typeof setTimeout>>} */
  #timers = new Set();
  #nextId = 1;

  /** @param {{ send: Send, atOnce?: number, waitMs?: (tries: number) => number }} options */
  constructor({ send, atOnce = 3, waitMs = (tries) => Math.min(60_000, 1000 * 2 ** tries) }) {
    super();
    this.send = send;
    this.atOnce = atOnce;
    this.waitMs = waitMs;
  }

  /** @param {readonly Wish[]} wishes */
  add(wishes) {
    for (const wish of wishes) {
      const id = this.#nextId++;
      const key = crypto.randomUUID();
      this.items.set(id, { ...wish, id, key, sent: 0, state: 'waiting', note: '', tries: 0 });
    }
    this.#changed();
    this.#startMore();
  }

  /** @param {number} id */
  pause(id) {
    this.#set(id, ['waiting', 'sending'], 'paused');
  }

  /** @param {number} id */
  resume(id) {
    this.#set(id, ['paused'], 'waiting');
  }

  /** @param {number} id */
  cancel(id) {
    this.#set(id, ['waiting', 'sending', 'paused', 'failed', 'conflict'], 'cancelled');
  }

  /**
   * @param {number} id
   * @param {string} [name] under another name, where the first is taken
   */
  retry(id, name) {
    const item = this.items.get(id);
    if (item === undefined) return;
    item.tries = 0;
    if (name !== undefined) {
      item.name = name;
      item.key = crypto.randomUUID();
    }
    this.#set(id, ['failed', 'conflict'], 'waiting');
  }

  /** @param {'pause' | 'resume' | 'cancel' | 'retry'} act */
  all(act) {
    for (const { id, state } of this.items.values()) if (act !== 'retry' || state === 'failed') this[act](id);
  }

  clearEnded() {
    for (const { id, state } of this.items.values()) if (ended.has(state)) this.items.delete(id);
    this.#changed();
  }

  /** @returns {{ files: number, done: number, failed: number, paused: number, bytes: number, sent: number, active: boolean }} */
  totals() {
    const items = [...this.items.values()].filter(({ state }) => state !== 'cancelled');
    const count = (/** @type {State[]} */ ...states) => items.filter(({ state }) => states.includes(state)).length;
    return {
      files: items.length,
      done: count('done'),
      failed: count('failed', 'conflict'),
      paused: count('paused'),
      bytes: items.reduce((sum, { bytes }) => sum + bytes, 0),
      sent: items.reduce((sum, { sent }) => sum + sent, 0),
      active: count('waiting', 'sending') > 0,
    };
  }

  /**
   * @param {number} id
   * @param {State[]} from
   * @param {State} to
   */
  #set(id, from, to) {
    const item = this.items.get(id);
    if (item === undefined || !from.includes(item.state)) return;
    item.state = to;
    item.note = '';
    this.#running.get(id)?.abort();
    this.#changed(item);
    this.#startMore();
  }

  #startMore() {
    for (const item of this.items.values()) {
      if (this.#running.size >= this.atOnce) return;
      if (item.state === 'waiting' && item.note === '' && !this.#running.has(item.id)) void this.#run(item);
    }
  }

  /** @param {Item} item */
  async #run(item) {
    const control = new AbortController();
    this.#running.set(item.id, control);
    item.state = 'sending';
    this.#changed(item);
    try {
      await this.send(item, {
        signal: control.signal,
        onSent: (bytes) => {
          item.sent = Math.min(bytes, item.bytes);
          this.#changed(item);
        },
      });
      // Whoever paused or cancelled too late to stop it finds it done.
      item.state = 'done';
      item.sent = item.bytes;
    } catch (error) {
      if (!control.signal.aborted) this.#failed(item, error);
    } finally {
      this.#running.delete(item.id);
      this.#changed(item);
      this.#startMore();
    }
  }

  /**
   * @param {Item} item
   * @param {unknown} error
   */
  #failed(item, error) {
    const problem = error instanceof UploadProblem ? error : new UploadProblem('unknown', String(error));
    item.tries += 1;
    item.note = problem.message;
    if (!problem.again || item.tries >= mostTries) {
      item.state = problem.code === 'name_conflict' ? 'conflict' : 'failed';
      return;
    }
    item.state = 'waiting';
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        if (item.state === 'waiting') item.note = '';
        this.#changed(item);
        this.#startMore();
      },
      Math.max(problem.afterMs ?? 0, this.waitMs(item.tries)),
    );
    this.#timers.add(timer);
  }

  /** The connection is back: whoever waits for another try has it now. */
  hurry() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const item of this.items.values()) if (item.state === 'waiting') item.note = '';
    this.#changed();
    this.#startMore();
  }

  /** @param {Item} [item] */
  #changed(item) {
    this.dispatchEvent(new CustomEvent('change', { detail: item }));
  }
}
