import { open } from './dialog.js';

/** One key each, as the page of shortcuts says. Never while somebody writes, and never together with Ctrl, Alt or the like. */
document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (document.querySelector('dialog[open]') !== null) return;
  if (target instanceof HTMLElement && target.closest('input:not([type="checkbox"]), textarea, select') !== null)
    return;
  if (key === '/') focusOn('input[type="search"]');
  else if (key === '?') void open('/documents/keys');
  else if (key === 'n') press('a[data-key="n"]');
  else if (key === 'u') press('[data-key="u"]');
  else return;
  event.preventDefault();
});

/** @param {string} selector */
function focusOn(selector) {
  const field = document.querySelector(selector);
  if (field instanceof HTMLInputElement) field.select();
  if (field instanceof HTMLElement) field.focus();
}

/** @param {string} selector */
function press(selector) {
  const control = document.querySelector(selector);
  if (control instanceof HTMLElement) control.click();
}
