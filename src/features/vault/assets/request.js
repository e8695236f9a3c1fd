import { UploadProblem } from './queue.js';

/**
 * One request to the API as the person of this page. Through XMLHttpRequest, which alone tells how much of a body has gone.
 *
 * @typedef {{ status: number, header: (name: string) => string | null, body: any }} Answer
 * @typedef {{ headers?: Record<string, string>, body?: XMLHttpRequestBodyInit, signal?: AbortSignal, onSent?: (bytes: number) => void }} Options
 */

/** Without a sign of life for so long the connection counts as lost. */
const silenceMs = 90_000;

/**
 * Throws UploadProblem for whatever is not 2xx.
 * @param {string} method
 * @param {string} url
 * @param {Options} [options]
 * @returns {Promise<Answer>}
 */
export async function request(method, url, options = {}) {
  const first = await once(method, url, options);
  // The session of a page is short and renewed by a cookie of its own.
  const answer = first.status === 401 && (await renewed()) ? await once(method, url, options) : first;
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw problemOf(answer);
}

/** @param {string} method @param {string} url @param {Options} options @returns {Promise<Answer>} */
function once(method, url, { headers = {}, body, signal, onSent }) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(method, url);
    for (const [name, value] of Object.entries({ ...ownHeaders(), ...headers })) xhr.setRequestHeader(name, value);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const lost = () => new UploadProblem('connection_lost', 'The connection was lost.', { again: true });
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => xhr.abort(), silenceMs);
    };
    const stop = () => xhr.abort();
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    xhr.upload.onprogress = ({ loaded }) => {
      alive();
      onSent?.(loaded);
    };
    xhr.onprogress = alive;
    xhr.onload = () => {
      settle();
      resolve({ status: xhr.status, header: (name) => xhr.getResponseHeader(name), body: parsed(xhr) });
    };
    xhr.onerror = xhr.onabort = () => {
      settle();
      reject(lost());
    };
    if (signal?.aborted) return reject(lost());
    signal?.addEventListener('abort', stop);
    alive();
    xhr.send(body ?? null);
  });
}

/** @param {XMLHttpRequest} xhr @returns {any} */
function parsed(xhr) {
  if (!(xhr.getResponseHeader('content-type') ?? '').startsWith('application/json')) return undefined;
  return JSON.parse(xhr.responseText);
}

/** What proves that a page of ours asks, and not another site with this browser's cookie. */
export function ownHeaders() {
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute('content') ?? '';
  return { 'X-CSRF-Token': token };
}

/** @type {Promise<boolean> | undefined} */
let renewing;

/** Renews the session, which is short. One at a time: the cookie that does it is good for one use. */
export function renewed() {
  renewing ??= once('POST', '/v1/auth/refresh', {})
    .then(({ status, body }) => {
      const token = body?.csrf_token;
      if (typeof token === 'string') document.querySelector('meta[name="csrf-token"]')?.setAttribute('content', token);
      return status >= 200 && status < 300;
    })
    .catch(() => false)
    .finally(() => {
      renewing = undefined;
    });
  return renewing;
}

/** @type {Record<string, string>} */
const words = {
  quota_exceeded: 'There is no room left in your vault for this file. Delete something for good, or ask for more room.',
  upload_too_large: 'The file is larger than this server accepts.',
  name_conflict: 'Something of this name is in the folder already.',
  folder_not_found: 'The folder is gone.',
  authentication_required: 'Your sign-in has ended. Sign in again, then try again.',
  invalid_document_name: 'The name of this file cannot be used here.',
};

/** @param {Answer} answer */
function problemOf({ status, header, body }) {
  const code = typeof body?.error?.code === 'string' ? body.error.code : `http_${status}`;
  const seconds = Number(header('retry-after') ?? 0);
  const again = status === 429 || status === 408 || status >= 500;
  const message = words[code] ?? body?.error?.message ?? 'The server did not take it.';
  return new UploadProblem(code, message, { again, afterMs: Number.isFinite(seconds) ? seconds * 1000 : 0 });
}
