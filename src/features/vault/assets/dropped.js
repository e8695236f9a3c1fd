/**
 * What somebody dropped or chose, whole folders too, as files with the folders that they lie in.
 *
 * @typedef {{ file: File, folders: string[], handle?: any }} Found
 */

/** @param {DataTransfer} transfer @returns {Promise<Found[]>} */
export async function filesOfDrop(transfer) {
  // Both must be asked for before the first wait: the browser forgets the drop after it.
  const asked = [...transfer.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({
      entry: item.webkitGetAsEntry(),
      file: item.getAsFile(),
      handle: 'getAsFileSystemHandle' in item ? handleOf(item) : undefined,
    }));
  /** @type {Found[]} */
  const found = [];
  for (const { entry, file, handle } of asked) {
    if (entry?.isDirectory) await walk(entry, [], found);
    else if (file !== null) found.push(withHandle({ file, folders: [] }, await handle));
  }
  return found;
}

/** @param {FileList} files @returns {Found[]} */
export function filesOfInput(files) {
  return [...files].map((file) => ({ file, folders: file.webkitRelativePath.split('/').slice(0, -1).filter(Boolean) }));
}

/** @param {any} item @returns {Promise<any>} */
function handleOf(item) {
  return item.getAsFileSystemHandle().catch(() => undefined);
}

/** @param {Found} found @param {any} handle @returns {Found} */
function withHandle(found, handle) {
  return handle?.kind === 'file' ? { ...found, handle } : found;
}

/**
 * @param {any} entry a FileSystemEntry
 * @param {string[]} folders
 * @param {Found[]} found
 */
async function walk(entry, folders, found) {
  if (entry.isFile) {
    found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), folders });
    return;
  }
  const reader = entry.createReader();
  const inside = [...folders, entry.name];
  for (;;) {
    // A reader returns some of them at a time, and none at the end.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const one of some) await walk(one, inside, found);
  }
}
