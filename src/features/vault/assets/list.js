import { open } from './dialog.js';
import { announce, send } from './navigate.js';

/** The list of a page: arrow keys, choosing, and dragging into folders. Rows are `[data-item]`, their links `a[data-main]`. */

const links = () =>
  /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll('main [data-item] a[data-main]')]); // by the selector
export const rowOf = (/** @type {Element | null} */ element) => {
  const row = element?.closest('[data-item]');
  return row instanceof HTMLElement ? row : undefined;
};
const boxOf = (/** @type {HTMLElement} */ row) => row.querySelector('input[name="item"]');
export const chosen = () =>
  /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('main input[name="item"]:checked')]); // by the selector

/** One link of the list is in the order of Tab; the arrow keys go on from there. @param {HTMLAnchorElement} [current] */
function rove(current) {
  const all = links();
  const one = current ?? all.find(({ tabIndex }) => tabIndex === 0) ?? all[0];
  for (const link of all) link.tabIndex = link === one ? 0 : -1;
}

/** How many stand side by side. */
function columns() {
  const rows = links().map((link) => rowOf(link)?.getBoundingClientRect().top);
  const other = rows.findIndex((top) => top !== rows[0]);
  return other < 1 ? Math.max(1, rows.length) : other;
}

/** @param {KeyboardEvent} event @param {HTMLAnchorElement} link */
function move(event, link) {
  const all = links();
  const at = all.indexOf(link);
  const across = columns();
  const wide = across > 1;
  /** @type {Record<string, number>} */
  const steps = {
    ArrowDown: at + across,
    ArrowUp: at - across,
    ...(wide ? { ArrowRight: at + 1, ArrowLeft: at - 1 } : {}),
    Home: 0,
    End: all.length - 1,
  };
  const to = steps[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const next = all[Math.min(all.length - 1, Math.max(0, to))];
  if (next === undefined) return;
  if (event.shiftKey) for (const one of [link, next]) choose(rowOf(one), true);
  rove(next);
  next.focus();
}

/** @param {HTMLElement | undefined} row @param {boolean} [on] */
function choose(row, on) {
  const box = row === undefined ? null : boxOf(row);
  if (!(box instanceof HTMLInputElement)) return;
  box.checked = on ?? !box.checked;
  tellChosen();
}

function tellChosen() {
  const count = chosen().length;
  for (const place of document.querySelectorAll('[data-field="chosen"]')) place.textContent = `${count} chosen`;
  for (const button of document.querySelectorAll('[data-for-one]'))
    if (button instanceof HTMLElement) button.hidden = count !== 1;
}

/** What an act is about: what is chosen, or else the row that has the focus. */
function subjects() {
  const marked = chosen().map(({ value }) => value);
  const here = rowOf(document.activeElement)?.dataset.item;
  return marked.length > 0 ? marked : here === undefined ? [] : [here];
}

/** @param {string} act @param {readonly string[]} items @param {Record<string, string>} [more] */
export async function actOn(act, items, more = {}) {
  const token = document.querySelector('main input[name="csrf_token"]');
  const back = location.pathname + location.search;
  const words = new URLSearchParams({
    ...more,
    back,
    csrf_token: token instanceof HTMLInputElement ? token.value : '',
  });
  for (const item of items) words.append('item', item);
  const at = links().findIndex((link) => rowOf(link) === rowOf(document.activeElement));
  await send(act, words);
  // Whoever goes through a list by keyboard is still in it afterwards.
  const all = links();
  if (at >= 0) all[Math.min(at, all.length - 1)]?.focus();
}

document.addEventListener('focusin', ({ target }) => {
  if (target instanceof HTMLAnchorElement && target.dataset.main !== undefined) rove(target);
});

document.addEventListener('keydown', (event) => {
  const { target, key } = event;
  if (document.querySelector('dialog[open]') !== null || !(target instanceof HTMLElement)) return;
  const row = rowOf(target);
  if (target instanceof HTMLAnchorElement && row !== undefined) {
    move(event, target);
    if (key === ' ') {
      event.preventDefault();
      choose(row);
    }
  }
  if (row === undefined) return;
  const form = target.closest('form');
  if (key === 'Delete' && form?.dataset.delete !== undefined) {
    event.preventDefault();
    const items = subjects();
    if (form.dataset.delete === 'ask') void open(`/documents/trash/delete?${asked(items)}`);
    else void actOn(form.dataset.delete, items);
  }
  if (key === 'F2' && form?.dataset.rename !== undefined && row.dataset.item !== undefined) {
    event.preventDefault();
    void open(`${form.dataset.rename}?${asked([row.dataset.item])}`);
  }
  if (key === 'a' && (event.ctrlKey || event.metaKey) && form !== null) {
    event.preventDefault();
    for (const link of links()) choose(rowOf(link), true);
    announce(`${chosen().length} chosen`);
  }
  if (key === 'Escape') for (const box of chosen()) choose(rowOf(box), false);
});

/** @param {readonly string[]} items */
function asked(items) {
  const words = new URLSearchParams(items.map((item) => ['item', item]));
  words.set('back', location.pathname + location.search);
  return words;
}

document.addEventListener('change', ({ target }) => {
  if (target instanceof HTMLInputElement && target.name === 'item') tellChosen();
  if (target instanceof HTMLInputElement && target.dataset.all !== undefined) {
    for (const link of links()) choose(rowOf(link), target.checked);
  }
  if (target instanceof HTMLSelectElement && target.dataset.goes !== undefined) target.form?.requestSubmit();
});

function prepare() {
  rove();
  tellChosen();
  for (const row of document.querySelectorAll('main [data-item]:not([data-fixed])'))
    row.setAttribute('draggable', 'true');
}
addEventListener('vault:shown', prepare);
prepare();
