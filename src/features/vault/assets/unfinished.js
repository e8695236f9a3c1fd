import { allRemembered } from './remembered.js';
import { abandon } from './send.js';

/** @typedef {import('./queue.js').Queue} Queue */
/** @typedef {import('./queue.js').Item} Item */
/** @typedef {import('./dropped.js').Found} Found */

/**
 * Offers what an earlier page left unfinished, on the pages that have a place for it.
 * @param {Queue} queue
 * @param {(found: readonly Found[], folderId: string | undefined) => void} add
 */
export function showUnfinished(queue, add) {
  const offer = async () => {
    const place = document.getElementById('unfinished');
    const template = document.getElementById('unfinished-item');
    if (place === null || !(template instanceof HTMLTemplateElement)) return;
    const running = [...queue.items.values()].filter(({ state }) => state !== 'cancelled');
    const entries = (await allRemembered()).filter(
      ({ name, bytes }) => !running.some((item) => item.name === name && item.bytes === bytes),
    );
    place.hidden = entries.length === 0;
    place.querySelector('ul')?.replaceChildren(
      ...entries.map((entry) => {
        const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true)); // the item in it
        const name = row.querySelector('[data-field="name"]');
        if (name !== null) name.textContent = entry.name;
        row.querySelector('[data-act="again"]')?.addEventListener('click', () => void again(entry));
        row.querySelector('[data-act="forget"]')?.addEventListener('click', () => {
          void abandon({ ...entry, folderId: entry.folderId || undefined }).then(offer);
        });
        return row;
      }),
    );
  };

  /** With a handle of the browser's the file opens by itself; else the person chooses it again. @param {import('./remembered.js').Remembered} entry */
  const again = async (entry) => {
    if (entry.handle !== undefined && (await entry.handle.requestPermission({ mode: 'read' })) === 'granted') {
      const file = await entry.handle.getFile().catch(() => undefined);
      if (file?.size === entry.bytes && file.lastModified === entry.modifiedMs) {
        add([{ file, folders: [], handle: entry.handle }], entry.folderId || undefined);
        return await offer();
      }
    }
    const input = document.getElementById('pick-again');
    if (!(input instanceof HTMLInputElement)) return;
    input.dataset.folder = entry.folderId;
    input.click();
  };

  queue.addEventListener('change', (event) => {
    const state = event instanceof CustomEvent ? event.detail?.state : undefined;
    if (state === undefined || state === 'done' || state === 'cancelled') void offer();
  });
  addEventListener('vault:shown', () => void offer());
  void offer();
}
