import { actOn, chosen, rowOf } from './list.js';

/** Dragging what is in the list onto a folder. Files from outside are the business of uploads.js. */
const kind = 'application/x-proofline-items';

document.addEventListener('dragstart', (event) => {
  const row = rowOf(event.target instanceof Element ? event.target : null);
  if (row?.dataset.item === undefined || row.dataset.fixed !== undefined || event.dataTransfer === null) return;
  const items = chosen().map(({ value }) => value);
  const moved = items.includes(row.dataset.item) ? items : [row.dataset.item];
  event.dataTransfer.setData(kind, JSON.stringify(moved));
  event.dataTransfer.effectAllowed = 'move';
});

/** @param {DragEvent} event */
function folderUnder(event) {
  const place = event.target instanceof Element ? event.target.closest('[data-into]') : null;
  return place instanceof HTMLElement && event.dataTransfer?.types.includes(kind) ? place : undefined;
}

document.addEventListener('dragover', (event) => {
  const place = folderUnder(event);
  for (const other of document.querySelectorAll('[data-over]')) if (other !== place) other.removeAttribute('data-over');
  if (place === undefined) return;
  event.preventDefault();
  place.dataset.over = '';
});

document.addEventListener('drop', (event) => {
  const place = folderUnder(event);
  if (place === undefined || event.dataTransfer === null) return;
  event.preventDefault();
  place.removeAttribute('data-over');
  const folder = place.dataset.into ?? '';
  const items = JSON.parse(event.dataTransfer.getData(kind)).filter((/** @type {string} */ item) => item !== folder);
  if (items.length > 0) void actOn('/documents/move', items, { folder });
});
