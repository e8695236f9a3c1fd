import { announce } from './navigate.js';

/** Buttons that copy what stands in the field beside them; and fields that are chosen whole when they are entered. */
document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('[data-copies]') : null;
  const field = button === null ? null : document.getElementById(button.getAttribute('data-copies') ?? '');
  if (!(field instanceof HTMLInputElement) || button === null) return;
  field.select();
  void navigator.clipboard
    ?.writeText(field.value)
    .then(() => {
      button.textContent = 'Copied';
      announce('Copied');
    })
    .catch(() => announce('Press Ctrl+C to copy'));
});

document.addEventListener('focusin', ({ target }) => {
  if (target instanceof HTMLInputElement && target.readOnly) target.select();
});
