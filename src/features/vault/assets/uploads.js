// @ts-check
import { filesOfDrop, filesOfInput } from './dropped.js';
import { Folders } from './folders.js';
import { announce, refresh } from './navigate.js';
import { Queue, UploadProblem } from './queue.js';
import { allRemembered, forget } from './remembered.js';
import { abandon, send } from './send.js';
import { showTray, summary } from './tray.js';

/** @typedef {import('./dropped.js').Found} Found */
/** @typedef {import('./queue.js').Item} Item */

const tray = /** @type {HTMLElement} */ (document.getElementById('tray')); // of frame.pages.ts
const folders = new Folders();
const queue = new Queue({ send: prepared });

/**
 * Its folders are made when its turn comes.
 * @param {Item & { folders?: string[], parentId?: string | undefined }} item
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

/** The folder that the page shows; undefined is the top. A page that shows none has its uploads go to the top. */
const folderHere = () => document.querySelector('main [data-folder]')?.getAttribute('data-folder') || undefined;

// Files and folders from outside, dropped anywhere on the page or onto a folder in the list.
const isFiles = (/** @type {DragEvent} */ { dataTransfer }) => dataTransfer?.types.includes('Files') === true;
let inside = 0;
document.addEventListener('dragenter', (event) => {
  if (!isFiles(event)) return;
  inside += 1;
  document.documentElement.dataset.dropping = '';
});
document.addEventListener('dragleave', (event) => {
  if (!isFiles(event)) return;
  inside -= 1;
  if (inside <= 0) delete document.documentElement.dataset.dropping;
});
document.addEventListener('dragover', (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy';
});
document.addEventListener('drop', (event) => {
  if (!isFiles(event) || event.dataTransfer === null) return;
  event.preventDefault();
  inside = 0;
  delete document.documentElement.dataset.dropping;
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
  add(found, upload === 'again' ? target.dataset.folder || undefined : folderHere());
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
    if (item !== undefined) queue.retry(id, another(item.name, item.tries));
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

/** `report.pdf` → `report (2).pdf`, `report (2).pdf` → `report (3).pdf`. @param {string} name @param {number} _tries */
export function another(name, _tries = 0) {
  const dot = name.lastIndexOf('.');
  const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  const counted = /^(.*) \((\d+)\)$/.exec(stem);
  return counted === null ? `${stem} (2)${end}` : `${counted[1]} (${Number(counted[2]) + 1})${end}`;
}

// What is new is shown as it comes, but not with every one of two hundred files.
let known = { done: 0, active: false };
/** @type {ReturnType<typeof setTimeout> | undefined} */
let soon;
queue.addEventListener('change', () => {
  const totals = queue.totals();
  if (totals.done > known.done || (known.active && !totals.active)) {
    soon ??= setTimeout(
      () => {
        soon = undefined;
        void refresh();
      },
      totals.active ? 2500 : 200,
    );
  }
  if (known.active && !totals.active) announce(summary(totals, ''));
  else if (Math.floor((4 * totals.done) / Math.max(1, totals.files)) > Math.floor((4 * known.done) / Math.max(1, totals.files)))
    announce(summary(totals, ''));
  known = { done: totals.done, active: totals.active };
});

addEventListener('online', () => queue.hurry());
addEventListener('beforeunload', (event) => {
  if (queue.totals().active) event.preventDefault();
});

// What an earlier page left unfinished.
async function offerUnfinished() {
  const place = document.getElementById('unfinished');
  const template = document.getElementById('unfinished-item');
  if (place === null || !(template instanceof HTMLTemplateElement)) return;
  const entries = await allRemembered();
  const list = place.querySelector('ul');
  const here = entries.filter((entry) => ![...queue.items.values()].some((item) => item.name === entry.name && item.bytes === entry.bytes));
  place.hidden = here.length === 0;
  list?.replaceChildren(
    ...here.map((entry) => {
      const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true)); // the item in it
      const name = row.querySelector('[data-field="name"]');
      if (name !== null) name.textContent = entry.name;
      row.querySelector('[data-act="again"]')?.addEventListener('click', () => void again(entry));
      row.querySelector('[data-act="forget"]')?.addEventListener('click', () => {
        const item = /** @type {Item} */ ({ ...entry, folderId: entry.folderId || undefined }); // what abandon looks at
        void abandon(item).then(offerUnfinished);
      });
      return row;
    }),
  );
}

/** @param {import('./remembered.js').Remembered} entry */
async function again(entry) {
  const folderId = entry.folderId || undefined;
  if (entry.handle !== undefined && (await entry.handle.requestPermission({ mode: 'read' })) === 'granted') {
    const file = await entry.handle.getFile().catch(() => undefined);
    if (file?.size === entry.bytes && file.lastModified === entry.modifiedMs) {
      add([{ file, folders: [], handle: entry.handle }], folderId);
      return await offerUnfinished();
    }
  }
  const input = document.getElementById('pick-again');
  if (!(input instanceof HTMLInputElement)) return;
  input.dataset.folder = entry.folderId;
  input.click();
}

queue.addEventListener('change', ({ detail } = /** @type {any} */ ({})) => {
  if (detail?.state === 'done' || detail?.state === 'cancelled') void offerUnfinished();
});
addEventListener('vault:shown', () => void offerUnfinished());
showTray(tray, queue);
void offerUnfinished();
void forget;
void UploadProblem;
