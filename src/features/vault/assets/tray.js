import { tellBytes, tellCount, tellLength } from '../../../http/pages/tell.js';

/** @typedef {import('./queue.js').Item} Item */
/** @typedef {import('./queue.js').Queue} Queue */

/** More than these are counted and not shown. */
const mostShown = 40;
const order = { conflict: 0, failed: 1, sending: 2, paused: 3, waiting: 4, done: 5, cancelled: 6 };
const states = {
  conflict: 'Name taken',
  failed: 'Failed',
  sending: 'Uploading',
  paused: 'Paused',
  waiting: 'Waiting',
  done: 'Done',
  cancelled: 'Cancelled',
};

/**
 * What one sees of the queue, written anew as often as a screen shows it.
 * @param {HTMLElement} tray
 * @param {Queue} queue
 */
export function showTray(tray, queue) {
  const field = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (tray.querySelector(`[data-field="${name}"]`)); // of frame.pages.ts
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById('upload-item')); // of frame.pages.ts
  const list = field('items');
  const pace = new Pace();
  /** @type {Map<number, HTMLElement>} */
  const rows = new Map();
  let planned = false;
  const details = tray.querySelector('details');
  let wasOpen = false;

  const draw = () => {
    planned = false;
    const totals = queue.totals();
    tray.hidden = queue.items.size === 0;
    // What is done makes way.
    const isOpen = totals.active || totals.failed > 0 || totals.paused > 0;
    if (isOpen !== wasOpen && details !== null) details.open = isOpen;
    wasOpen = isOpen;
    const left = pace.left(totals.sent, totals.bytes, totals.active);
    field('summary').textContent = summary(totals, left);
    const bar = /** @type {HTMLProgressElement} */ (field('total')); // a progress element there
    bar.max = Math.max(1, totals.bytes);
    bar.value = totals.bytes === 0 && !totals.active ? 1 : totals.sent;
    for (const button of tray.querySelectorAll('[data-all]')) {
      if (!(button instanceof HTMLElement)) continue;
      button.hidden = !useful(button.dataset.all ?? '', totals);
    }
    const items = [...queue.items.values()].sort((a, b) => order[a.state] - order[b.state] || a.id - b.id);
    const shown = items.slice(0, mostShown);
    const wanted = new Set(shown.map(({ id }) => id));
    for (const [id, row] of rows) {
      if (wanted.has(id)) continue;
      row.remove();
      rows.delete(id);
    }
    shown.forEach((item, at) => {
      const row = rows.get(item.id) ?? newRow(template, item);
      rows.set(item.id, row);
      // Moving a row would take the focus from the button in it.
      if (list.children[at] !== row && !row.contains(document.activeElement))
        list.insertBefore(row, list.children[at] ?? null);
      drawRow(row, item);
    });
    const rest = items.length - shown.length;
    field('more').textContent = rest > 0 ? `and ${tellCount(rest, 'more file', 'more files')}` : '';
  };
  queue.addEventListener('change', () => {
    if (planned) return;
    planned = true;
    setTimeout(draw, 100);
  });
}

/** @param {HTMLTemplateElement} template @param {Item} item */
function newRow(template, item) {
  const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true)); // the item in it
  row.dataset.upload = String(item.id);
  return row;
}

/** @param {HTMLElement} row @param {Item} item */
function drawRow(row, item) {
  row.dataset.state = item.state;
  set(row, 'name', item.path === undefined ? item.name : `${item.path}/${item.name}`);
  const amount =
    item.state === 'sending' ? `${tellBytes(item.sent)} of ${tellBytes(item.bytes)}` : tellBytes(item.bytes);
  set(row, 'state', `${states[item.state]}, ${amount}`);
  set(row, 'note', item.note);
  const bar = row.querySelector('progress');
  if (bar !== null) {
    bar.hidden = !['sending', 'paused'].includes(item.state);
    bar.max = Math.max(1, item.bytes);
    bar.value = item.sent;
    bar.setAttribute('aria-label', item.name);
  }
  for (const button of row.querySelectorAll('button')) {
    const fits = (button.dataset.when ?? '').split(' ').includes(item.state);
    button.hidden = !fits;
    const words = button.querySelector('.visually-hidden');
    if (words !== null && words.textContent !== ` ${item.name}`) words.textContent = ` ${item.name}`;
  }
}

/** @param {HTMLElement} row @param {string} name @param {string} words */
function set(row, name, words) {
  const place = row.querySelector(`[data-field="${name}"]`);
  if (place !== null && place.textContent !== words) place.textContent = words;
}

/** @param {ReturnType<Queue['totals']>} totals @param {string} left */
export function summary(totals, left) {
  const { files, done, failed, paused, sent, bytes, active } = totals;
  const troubles = failed === 0 ? '' : `, ${failed} not uploaded`;
  if (!active && paused === 0) return `${tellCount(done, 'file')} uploaded${troubles}`;
  const amount = `${tellBytes(sent)} of ${tellBytes(bytes)}`;
  return `${done} of ${tellCount(files, 'file')}, ${amount}${troubles}${paused > 0 && !active ? ', paused' : left}`;
}

/** @param {string} act @param {ReturnType<Queue['totals']>} totals */
function useful(act, totals) {
  if (act === 'pause') return totals.active;
  if (act === 'resume') return totals.paused > 0;
  if (act === 'cancel') return totals.active || totals.paused > 0;
  if (act === 'retry') return totals.failed > 0;
  return !totals.active && totals.paused === 0;
}

/** How fast it has gone in the last seconds, and so how long it may still take. */
class Pace {
  /** @type {{ at: number, sent: number }[]} */
  #marks = [];

  /** @param {number} sent @param {number} bytes @param {boolean} active */
  left(sent, bytes, active) {
    const at = Date.now();
    if (!active) this.#marks = [];
    const last = this.#marks.at(-1);
    if (last === undefined || at - last.at >= 500) this.#marks.push({ at, sent });
    while (this.#marks.length > 20) this.#marks.shift();
    const first = this.#marks[0];
    if (first === undefined || at - first.at < 2000 || sent <= first.sent) return '';
    const ms = ((bytes - sent) / (sent - first.sent)) * (at - first.at);
    return `, ${tellLength(ms)} left`;
  }
}
