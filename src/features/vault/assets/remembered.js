/**
 * Uploads in pieces that have begun, by what tells a file again: so that they go on after this page was closed. A browser that gives a
 * handle of the file can open it again by itself; with others the person chooses the file once more.
 *
 * @typedef {{ name: string, bytes: number, modifiedMs?: number | undefined, folderId: string | undefined }} FileMark
 * @typedef {{ name: string, bytes: number, modifiedMs: number, folderId: string, url: string, startedMs: number, owner: string, handle?: any }} Remembered
 */

const storeName = 'uploads';
/** Servers keep unfinished uploads for days, not for ever. */
const longestMs = 7 * 24 * 3_600_000;

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open('proofline-documents', 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(storeName);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T>}
 */
async function inStore(mode, act) {
  const asked = act((await database()).transaction(storeName, mode).objectStore(storeName));
  return await new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

const owner = () => document.documentElement.dataset.account ?? '';

/** @param {FileMark} file */
function keyOf({ name, bytes, modifiedMs, folderId }) {
  return JSON.stringify([owner(), name, bytes, modifiedMs ?? 0, folderId ?? '']);
}

/** @param {FileMark} item @returns {Promise<Remembered | undefined>} */
export async function remembered(item) {
  return await inStore('readonly', (store) => store.get(keyOf(item)));
}

/** @param {FileMark & { handle?: any }} item @param {string} url */
export async function remember(item, url) {
  const { name, bytes, modifiedMs = 0, folderId = '', handle } = item;
  const entry = { name, bytes, modifiedMs, folderId, url, startedMs: Date.now(), owner: owner() };
  await inStore('readwrite', (store) => store.put(handle === undefined ? entry : { ...entry, handle }, keyOf(item)));
}

/** @param {FileMark} file */
export async function forget(file) {
  await inStore('readwrite', (store) => store.delete(keyOf(file)));
}

/** Of the account of this page, newest first. @returns {Promise<Remembered[]>} */
export async function allRemembered() {
  /** @type {Remembered[]} */
  const entries = await inStore('readonly', (store) => store.getAll());
  const old = entries.filter(({ startedMs }) => Date.now() - startedMs > longestMs);
  for (const entry of old)
    await inStore('readwrite', (store) =>
      store.delete(JSON.stringify([entry.owner, entry.name, entry.bytes, entry.modifiedMs, entry.folderId])),
    );
  return entries
    .filter((entry) => entry.owner === owner() && !old.includes(entry))
    .sort((a, b) => b.startedMs - a.startedMs);
}
