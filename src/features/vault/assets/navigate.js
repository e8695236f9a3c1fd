import { renewed } from './request.js';

/**
 * From page to page without leaving this one, so that uploads go on. Every page and every form works without it; what it cannot do it
 * leaves to the browser.
 */

const ours = (/** @type {URL} */ url) =>
  url.origin === location.origin &&
  /^\/documents(?:\/|$)/.test(url.pathname) &&
  !url.pathname.startsWith('/documents/static/');

/** Only the latest answer is shown: whoever has gone on meanwhile is not taken back. */
let asked = 0;
/** The act that is on its way. @type {Promise<unknown>} */
let acting = Promise.resolve();

/**
 * A page, or what a form leads to. A session that is over by now is renewed first.
 * @param {string} href
 * @param {RequestInit} [options]
 */
export async function ask(href, options = { headers: { Accept: 'text/html' } }) {
  const response = await fetch(href, options);
  return response.status === 401 && (await renewed()) ? await fetch(href, options) : response;
}

/**
 * @param {string} href
 * @param {{ push?: boolean, quiet?: boolean }} [options] quiet: the same page again, in the background
 */
export async function go(href, { push = true, quiet = false } = {}) {
  const turn = ++asked;
  if (!quiet) document.documentElement.dataset.busy = '';
  try {
    // What was done just before is to be seen on the next page.
    await acting;
    const response = await ask(href);
    // Somebody may have begun something while the answer was on its way.
    if (turn === asked && !(quiet && isInHands())) await take(response, { push, quiet, href });
  } catch {
    // No network: the browser says so better than a page can.
    if (!quiet && turn === asked) location.assign(href);
  } finally {
    if (turn === asked) delete document.documentElement.dataset.busy;
  }
}

/** What this page shows, again; not under the hands of somebody who does something with it. */
export async function refresh() {
  if (!isInHands()) await go(location.href, { push: false, quiet: true });
}

/** A button of the pointer is down: what it is on must still be there when it comes up, or there is no click. */
let pressed = false;
let dragged = false;
addEventListener('pointerdown', () => {
  pressed = true;
});
for (const end of ['pointerup', 'pointercancel'])
  addEventListener(end, () => {
    pressed = false;
  });
addEventListener('dragstart', () => {
  dragged = true;
});
for (const end of ['dragend', 'drop'])
  addEventListener(end, () => {
    dragged = false;
  });

function isInHands() {
  return pressed || dragged || document.querySelector('dialog[open]') !== null || isWritten();
}

function isWritten() {
  const active = document.activeElement;
  if (active instanceof HTMLSelectElement && active.closest('main') !== null) return true;
  return [
    ...document.querySelectorAll('main input:not([type="checkbox"], [type="file"], [readonly]), main select'),
  ].some((field) => field === active || (field instanceof HTMLInputElement && field.value !== field.defaultValue));
}

/**
 * Puts an answer in place of what is shown.
 * @param {Response} response
 * @param {{ push: boolean, quiet: boolean, href: string }} options
 */
export async function take(response, { push, quiet, href }) {
  const next = await page(response);
  if (next === undefined) return location.assign(href);
  if (quiet && !response.ok) return;
  const address = new URL(response.url);
  if (push && address.href !== location.href) history.pushState(null, '', address);
  else if (push) history.replaceState(null, '', address);
  show(next, quiet);
}

/** An answer as a document, if it is one of these pages. @param {Response} response @returns {Promise<Document | undefined>} */
export async function page(response) {
  if (!(response.headers.get('content-type') ?? '').startsWith('text/html') || !ours(new URL(response.url)))
    return undefined;
  const next = new DOMParser().parseFromString(await response.text(), 'text/html');
  // Another version of the server, the sign-in, or another person: begin anew.
  return sameFrame(next) ? next : undefined;
}

/** @param {Document} next */
function sameFrame(next) {
  const mark = (/** @type {Document} */ one) =>
    `${one.documentElement.dataset.account} ${one.querySelector('script[type="module"]')?.getAttribute('src')}`;
  return next.querySelector('main') !== null && mark(next) === mark(document);
}

/** @param {Document} next @param {boolean} quiet */
function show(next, quiet) {
  const kept = quiet ? whatIsHeld() : undefined;
  document.title = next.title;
  if (quiet && showLiveParts(next)) return told(quiet);
  for (const part of ['main', '[data-part="sections"]', '[data-part="search"]', 'meta[name="csrf-token"]']) {
    const [here, there] = [document.querySelector(part), next.querySelector(part)];
    if (part === '[data-part="search"]' && quiet) continue;
    if (here !== null && there !== null) here.replaceWith(document.adoptNode(there));
  }
  if (kept === undefined) {
    scrollTo(0, 0);
    const target = document.querySelector('main [autofocus]') ?? document.querySelector('main');
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
    const sections = document.querySelector('[data-part="sections"]');
    if (sections instanceof HTMLElement && sections.matches(':popover-open')) sections.hidePopover();
    announce(document.querySelector('main .done')?.textContent ?? '');
  } else kept();
  told(quiet);
}

/** @param {boolean} quiet */
function told(quiet) {
  dispatchEvent(new CustomEvent('vault:shown', { detail: { quiet } }));
}

/** Where a page says which of its parts change by themselves, the others stay: a preview is not loaded again. @param {Document} next */
function showLiveParts(next) {
  const [here, there] = [document, next].map((one) => [...one.querySelectorAll('main [data-live]')]);
  if (here === undefined || there === undefined || here.length === 0 || here.length !== there.length) return false;
  here.forEach((part, at) => {
    const other = there[at];
    if (other !== undefined) part.replaceWith(document.adoptNode(other));
  });
  return true;
}

/** Selection and focus survive that a list is read again. @returns {() => void} */
function whatIsHeld() {
  const checked = [...document.querySelectorAll('main input[name="item"]:checked')].map((one) =>
    one.getAttribute('value'),
  );
  const focused = document.activeElement?.closest('main') == null ? undefined : document.activeElement.id;
  const pictures = new Map([...document.querySelectorAll('main img')].map((one) => [one.getAttribute('src'), one]));
  return () => {
    for (const picture of document.querySelectorAll('main img')) {
      const loaded = pictures.get(picture.getAttribute('src'));
      if (loaded !== undefined) picture.replaceWith(loaded);
    }
    for (const box of document.querySelectorAll('main input[name="item"]'))
      if (box instanceof HTMLInputElement) box.checked = checked.includes(box.value);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };
}

/** Says something to whoever listens instead of looking. @param {string} words */
export function announce(words) {
  const place = document.getElementById('announcements');
  if (place !== null) place.textContent = words;
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter @returns {{ url: URL, body?: URLSearchParams }} */
export function filled(form, submitter) {
  const data = new FormData(form, submitter);
  const words = new URLSearchParams([...data].map(([name, value]) => [name, String(value)]));
  const attribute = (/** @type {string} */ name) =>
    submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name) ?? '';
  const url = new URL(attribute('action'), location.href);
  if (attribute('method').toLowerCase() === 'post') return { url, body: words };
  url.search = words.toString();
  return { url };
}

document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (link.target !== '' || link.hasAttribute('download') || !ours(new URL(link.href))) return;
  if (link.hash !== '' && link.href.split('#')[0] === location.href.split('#')[0]) return;
  event.preventDefault();
  void go(link.href);
});

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
  if ('plain' in form.dataset || form.method === 'dialog' || form.closest('dialog') !== null) return;
  const { url, body } = filled(form, event.submitter);
  if (!ours(url)) return;
  event.preventDefault();
  void (body === undefined ? go(url.href) : send(url.href, body));
});

/** @param {string} href @param {URLSearchParams} body */
export async function send(href, body) {
  const turn = ++asked;
  document.documentElement.dataset.busy = '';
  const answer = ask(href, { method: 'POST', body });
  acting = answer.catch(() => undefined);
  try {
    const response = await answer;
    if (turn === asked) await take(response, { push: true, quiet: false, href: location.href });
  } catch {
    announce('The connection was lost. Nothing is known to have changed.');
  } finally {
    if (turn === asked) delete document.documentElement.dataset.busy;
  }
}

/** What just happened is said once: not again after a reload. */
function forgetDone() {
  const url = new URL(location.href);
  if (!url.searchParams.has('done')) return;
  url.searchParams.delete('done');
  history.replaceState(null, '', url);
}
addEventListener('vault:shown', forgetDone);
forgetDone();

addEventListener('popstate', () => void go(location.href, { push: false }));
