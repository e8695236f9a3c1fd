import { filesOfDrop, filesOfInput } from './dropped.js';
import { Folders } from './folders.js';
import { announce, refresh } from './navigate.js';
import { Queue } from './queue.js';
import { abandon, send } from './send.js';
import { showTray, summary } from './tray.js';
import { showUnfinished } from './unfinished.js';

/** @typedef {import('./dropped.js').Found} Found */
/** @typedef {import('./queue.js').Item} Item */

const tray = /** @type {HTMLElement} */ (document.getElementById('tray')); // of frame.pages.ts
const folders = new Folders();
const queue = new Queue({ send: prepared });

/**
 * Its folders are made when its turn comes.
 * @param {Item} item
 * @param {import('./queue.js').Hold} hold
 */
async function prepared(item, hold) {
  if (item.folders !== undefined && item.folders.length > 0)
    item.folderId = await folders.at(item.parentId, item.folders);
  await send(item, hold);
}

/** @param {readonly Found[]} found @param {string | undefined} folderId */
function add(found, folderId) {
  if (found.length === 0) return;
  queue.add(
    found.map(({ file, folders, handle }) => ({
      name: file.name,
      bytes: file.size,
      modifiedMs: file.lastModified,
      source: file,
      folderId,
      parentId: folderId,
      folders,
      ...(folders.length === 0 ? {} : { path: folders.join('/') }),
      ...(handle === undefined ? {} : { handle }),
    })),
  );
  announce(found.length === 1 ? `Uploading ${found[0]?.file.name}` : `Uploading ${found.length} files`);
}

/** @param {readonly Found[]} found @param {DOMStringMap} dataset */
function addVersion(found, { document: documentId, version }) {
  const file = found[0]?.file;
  if (file === undefined || documentId === undefined || version === undefined) return;
  const next = { documentId, version };
  queue.add([
    { name: file.name, bytes: file.size, modifiedMs: file.lastModified, source: file, folderId: undefined, next },
  ]);
  announce(`Uploading ${file.name} as a new version`);
}

/** The folder that the page shows; undefined is the top. A page that shows none has its uploads go to the top. */
const folderHere = () => document.querySelector('main [data-folder]')?.getAttribute('data-folder') || undefined;

// Files and folders from outside, dropped anywhere on the page or onto a folder in the list.
const isFiles = (/** @type {DragEvent} */ { dataTransfer }) => dataTransfer?.types.includes('Files') === true;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let leaving;

/** The invitation to drop is there as long as something is held over the page: the browser says so several times a second. */
function invite() {
  clearTimeout(leaving);
  leaving = setTimeout(uninvite, 1000);
  if ('dropping' in document.documentElement.dataset) return;
  document.documentElement.dataset.dropping = '';
  const into = document.querySelector('.veil [data-field="into"]');
  const name = document.querySelector('main [data-folder-name]')?.getAttribute('data-folder-name');
  if (into !== null) into.textContent = name ?? 'Files';
}

function uninvite() {
  clearTimeout(leaving);
  delete document.documentElement.dataset.dropping;
}

document.addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) uninvite();
});
document.addEventListener('dragover', (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  invite();
  if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy';
});
document.addEventListener('drop', (event) => {
  if (!isFiles(event) || event.dataTransfer === null) return;
  event.preventDefault();
  uninvite();
  const onto = event.target instanceof Element ? event.target.closest('[data-into]')?.getAttribute('data-into') : null;
  const into = onto === null || onto === undefined ? folderHere() : onto || undefined;
  void filesOfDrop(event.dataTransfer).then((found) => add(found, into));
});

// The buttons: each has an input of its own beside it.
document.addEventListener('change', ({ target }) => {
  if (!(target instanceof HTMLInputElement) || target.type !== 'file' || target.files === null) return;
  const { upload } = target.dataset;
  if (upload === undefined) return;
  const found = filesOfInput(target.files);
  if (upload === 'version') addVersion(found, target.dataset);
  else add(found, upload === 'again' ? target.dataset.folder || undefined : folderHere());
  target.value = '';
});
document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('[data-picks]') : null;
  const input = button === null ? null : document.getElementById(button.getAttribute('data-picks') ?? '');
  if (input instanceof HTMLInputElement) input.click();
});

tray.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('button') : null;
  if (button === null) return;
  const id = Number(button.closest('li')?.dataset.upload);
  const { act, all } = button.dataset;
  if (all === 'clear') queue.clearEnded();
  else if (all === 'pause' || all === 'resume' || all === 'retry') queue.all(all);
  else if (all === 'cancel') cancel([...queue.items.values()]);
  else if (act === 'pause' || act === 'resume' || act === 'retry') queue[act](id);
  else if (act === 'cancel') cancel([queue.items.get(id)]);
  else if (act === 'rename') {
    const item = queue.items.get(id);
    if (item !== undefined) queue.retry(id, another(item.name));
  }
});

/** @param {readonly (Item | undefined)[]} items */
function cancel(items) {
  for (const item of items) {
    if (item === undefined || item.state === 'done') continue;
    queue.cancel(item.id);
    void abandon(item);
  }
}

/** `report.pdf` → `report (2).pdf`, `report (2).pdf` → `report (3).pdf`. @param {string} name */
export function another(name) {
  const dot = name.lastIndexOf('.');
  const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  const counted = /^(.*) \((\d+)\)$/.exec(stem);
  return counted === null ? `${stem} (2)${end}` : `${counted[1]} (${Number(counted[2]) + 1})${end}`;
}

// What is new is shown as it comes, but not with every one of two hundred files.
let known = { done: 0, active: false };
let shownAt = 0;
const showNew = () => {
  shownAt = Date.now();
  void refresh();
};
queue.addEventListener('change', () => {
  const totals = queue.totals();
  const ended = known.active && !totals.active;
  if (ended || (totals.done > known.done && Date.now() - shownAt > 3000)) showNew();
  if (ended) announce(summary(totals, ''));
  else if (
    Math.floor((4 * totals.done) / Math.max(1, totals.files)) > Math.floor((4 * known.done) / Math.max(1, totals.files))
  )
    announce(summary(totals, ''));
  known = { done: totals.done, active: totals.active };
});

addEventListener('online', () => queue.hurry());
addEventListener('beforeunload', (event) => {
  if (queue.totals().active) event.preventDefault();
});

showTray(tray, queue);
showUnfinished(queue, add);
