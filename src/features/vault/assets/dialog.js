import { announce, ask, filled, page, take } from './navigate.js';

/**
 * A page that is one form is shown in a dialog over the page that leads to it: a link with `data-dialog`, or a button of a form.
 */
const dialog = /** @type {HTMLDialogElement} */ (document.getElementById('dialog')); // of frame.pages.ts

/** The id of what had the focus: it has it again afterwards, if it is still there. */
let opener = '';

/** @param {string} href */
export async function open(href) {
  const response = await ask(href).catch(() => undefined);
  const next = response === undefined ? undefined : await page(response);
  if (next === undefined) return location.assign(href);
  if (!dialog.open) opener = document.activeElement?.id ?? '';
  fill(next);
  if (!dialog.open) dialog.showModal();
}

/** @param {Document} next */
function fill(next) {
  const main = next.querySelector('main');
  const inside = document.createElement('div');
  inside.className = 'inside';
  for (const part of main?.children ?? []) if (!part.matches('.trail')) inside.append(part.cloneNode(true));
  const title = inside.querySelector('h1');
  if (title !== null) {
    const heading = document.createElement('h2');
    heading.id = 'dialog-title';
    heading.append(...title.childNodes);
    title.replaceWith(heading);
  }
  dialog.replaceChildren(closer(), inside);
  for (const link of dialog.querySelectorAll('a[data-close]')) link.setAttribute('role', 'button');
  const target =
    dialog.querySelector('[autofocus]') ?? dialog.querySelector('input:not([type="hidden"]), select, button.main');
  if (target instanceof HTMLElement) queueMicrotask(() => target.focus());
  if (target instanceof HTMLInputElement && target.dataset.stem !== undefined)
    queueMicrotask(() => target.setSelectionRange(0, Number(target.dataset.stem)));
  dispatchEvent(new CustomEvent('vault:shown', { detail: { quiet: true } }));
}

function closer() {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'closer';
  button.setAttribute('aria-label', 'Close');
  button.textContent = '×';
  button.addEventListener('click', () => dialog.close());
  return button;
}

document.addEventListener(
  'click',
  (event) => {
    if (!(event.target instanceof Element) || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey)
      return;
    const link = event.target.closest('a');
    if (link === null) return;
    if (link.dataset.close !== undefined && link.closest('dialog') !== null) {
      event.preventDefault();
      dialog.close();
    } else if (link.dataset.dialog !== undefined) {
      event.preventDefault();
      void open(link.href);
    } else if (link.closest('dialog') !== null && !link.hasAttribute('download')) dialog.close();
  },
  true,
);

// A button that asks for a page of its own, such as "Move…" for what is chosen.
document.addEventListener(
  'submit',
  (event) => {
    const { submitter, target } = event;
    if (!(target instanceof HTMLFormElement) || submitter?.dataset.dialog === undefined) return;
    event.preventDefault();
    void open(filled(target, submitter).url.href);
  },
  true,
);

dialog.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method === 'dialog' || 'plain' in form.dataset) return;
  event.preventDefault();
  const { url, body } = filled(form, event.submitter);
  void (body === undefined ? open(url.href) : submit(url.href, body));
});

/** @param {string} href @param {URLSearchParams} body */
async function submit(href, body) {
  try {
    const response = await ask(href, { method: 'POST', body });
    // What is wrong is said in the dialog; so is what is shown once. Anything else leads on.
    if (response.redirected) {
      dialog.close();
      await take(response, { push: true, quiet: false, href: response.url });
      if (opener !== '') document.getElementById(opener)?.focus();
      return;
    }
    const next = await page(response);
    if (next === undefined) return location.reload();
    fill(next);
  } catch {
    announce('The connection was lost. Nothing is known to have changed.');
  }
}

dialog.addEventListener('close', () => dialog.replaceChildren());
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close();
});
