import { UploadProblem } from './queue.js';
import { request } from './request.js';

/** The folders of a dropped tree, made as they are needed, each once. */
export class Folders {
  /** @type {Map<string, Promise<string>>} */
  #made = new Map();

  /**
   * @param {string | undefined} parentId
   * @param {readonly string[]} path
   * @returns {Promise<string | undefined>} the id of the last
   */
  async at(parentId, path) {
    let id = parentId;
    for (const name of path) id = await this.#one(id, name);
    return id;
  }

  /** @param {string | undefined} parentId @param {string} name */
  #one(parentId, name) {
    const key = `${parentId ?? ''}/${name}`;
    const made = this.#made.get(key) ?? makeOrFind(parentId, name);
    this.#made.set(key, made);
    // What failed may go better when it is asked for again.
    made.catch(() => this.#made.delete(key));
    return made;
  }
}

/** @param {string | undefined} parentId @param {string} name @returns {Promise<string>} */
async function makeOrFind(parentId, name) {
  try {
    const body = JSON.stringify(parentId === undefined ? { name } : { name, parent_id: parentId });
    const answer = await request('POST', '/v1/folders', { headers: { 'Content-Type': 'application/json' }, body });
    return answer.body.folder.id;
  } catch (error) {
    if (!(error instanceof UploadProblem) || error.code !== 'name_conflict') throw error;
    const there = await find(parentId, name.normalize('NFC'));
    if (there === undefined) throw error;
    return there;
  }
}

/** @param {string | undefined} parentId @param {string} name @returns {Promise<string | undefined>} */
async function find(parentId, name) {
  /** @type {string | undefined} */
  let cursor;
  do {
    const asked = new URLSearchParams({ limit: '500' });
    if (parentId !== undefined) asked.set('parent_id', parentId);
    if (cursor !== undefined) asked.set('cursor', cursor);
    const { body } = await request('GET', `/v1/folders?${asked}`);
    const there = body.folders.find((/** @type {{ name: string }} */ folder) => folder.name === name);
    if (there !== undefined) return there.id;
    cursor = body.next_cursor;
  } while (cursor !== undefined);
  return undefined;
}
