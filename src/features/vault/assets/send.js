import { UploadProblem } from './queue.js';
import { forget, remember, remembered } from './remembered.js';
import { request } from './request.js';

/** @typedef {import('./queue.js').Item} Item */
/** @typedef {import('./queue.js').Hold} Hold */

/** From this size on a file goes in pieces, and on from where it stopped. Bytes. */
export const resumableFrom = 16 * 1024 * 1024;
const pieceBytes = 8 * 1024 * 1024;
const uploads = '/v1/documents/uploads';
const tus = { 'Tus-Resumable': '1.0.0' };

/** @param {Item} item @param {Hold} hold */
export async function send(item, hold) {
  if (item.next !== undefined) await sendVersion(item, item.next, hold);
  else if (item.bytes < resumableFrom) await sendWhole(item, hold);
  else await sendInPieces(item, hold);
}

/** @param {Item} item @param {Hold} hold */
async function sendWhole(item, { signal, onSent }) {
  const form = new FormData();
  form.set('name', item.name);
  if (item.folderId !== undefined) form.set('folder_id', item.folderId);
  form.set('file', item.source, item.name);
  onSent(0);
  await request('POST', '/v1/documents', {
    // The same key for every attempt: one that arrived although its answer was lost does not become two documents.
    headers: { 'Idempotency-Key': item.key },
    body: form,
    signal,
    onSent,
  });
}

/**
 * The next version of a document: refused where another has come since the page was shown.
 * @param {Item} item
 * @param {{ documentId: string, version: string }} next
 * @param {Hold} hold
 */
async function sendVersion(item, { documentId, version }, { signal, onSent }) {
  onSent(0);
  await request('PUT', `/v1/documents/${documentId}/content`, {
    headers: {
      'If-Match': `"${version}"`,
      'Idempotency-Key': item.key,
      'Content-Type': item.source.type || 'application/octet-stream',
    },
    body: item.source,
    signal,
    onSent,
  });
}

/** @param {Item} item @param {Hold} hold */
async function sendInPieces(item, { signal, onSent }) {
  const { url, offset: first } = await place(item, signal);
  let offset = first;
  onSent(offset);
  while (offset < item.bytes) {
    /** @type {number} */
    const from = offset;
    const body = item.source.slice(from, from + pieceBytes);
    const answer = await request('PATCH', url, {
      headers: { ...tus, 'Upload-Offset': String(from), 'Content-Type': 'application/offset+octet-stream' },
      body,
      signal,
      onSent: (bytes) => onSent(from + bytes),
    }).catch(async (error) => {
      // Another page of this browser may be sending the same file: the server says how far it is.
      if (error instanceof UploadProblem && error.code === 'upload_offset_conflict') return undefined;
      throw error;
    });
    const next = answer === undefined ? await offsetOf(url, signal) : Number(answer.header('upload-offset'));
    if (next === undefined || !Number.isSafeInteger(next)) throw new UploadProblem('lost', 'The upload was lost.');
    offset = next;
    onSent(offset);
  }
  await forget(item);
}

/**
 * Where its bytes go and how many are there: as it was begun before, or anew.
 * @param {Item} item
 * @param {AbortSignal} signal
 * @returns {Promise<{ url: string, offset: number }>}
 */
async function place(item, signal) {
  const before = await remembered(item);
  const there = before === undefined ? undefined : await offsetOf(before.url, signal);
  if (before !== undefined && there !== undefined) return { url: before.url, offset: there };
  const url = await begin(item, signal);
  await remember(item, url);
  return { url, offset: 0 };
}

/** @param {Item} item @param {AbortSignal} signal */
async function begin(item, signal) {
  const words = {
    filename: item.name,
    filetype: item.source.type,
    ...(item.folderId === undefined ? {} : { folder_id: item.folderId }),
  };
  const metadata = Object.entries(words)
    .map(([name, value]) => `${name} ${base64(value)}`)
    .join(',');
  const answer = await request('POST', uploads, {
    headers: { ...tus, 'Upload-Length': String(item.bytes), 'Upload-Metadata': metadata },
    signal,
  });
  const location = answer.header('location');
  if (location === null) throw new UploadProblem('lost', 'The server did not say where the upload goes.');
  return new URL(location, document.baseURI).pathname;
}

/**
 * How much of it the server has; undefined when it knows nothing of it any more.
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function offsetOf(url, signal) {
  try {
    const answer = await request('HEAD', url, { headers: tus, signal });
    return Number(answer.header('upload-offset') ?? 0);
  } catch (error) {
    if (error instanceof UploadProblem && !error.again && error.code !== 'http_401') return undefined;
    throw error;
  }
}

/** Tells the server that what has arrived so far is not wanted. @param {import('./remembered.js').FileMark} item */
export async function abandon(item) {
  const before = await remembered(item);
  if (before === undefined) return;
  await forget(item);
  await request('DELETE', before.url, { headers: tus }).catch(() => undefined);
}

/** @param {string} text */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
