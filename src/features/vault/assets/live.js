import { refresh } from './navigate.js';

/** While something on the page is still being worked at, it is looked at again, less and less often. */
const firstMs = 1500;
const lastMs = 15_000;
let waitMs = firstMs;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

function look() {
  clearTimeout(timer);
  if (document.querySelector('main [data-working]') === null) return;
  timer = setTimeout(() => {
    waitMs = Math.min(lastMs, waitMs * 1.5);
    if (document.hidden) look();
    else void refresh().then(look);
  }, waitMs);
}

addEventListener('vault:shown', (event) => {
  if (!(event instanceof CustomEvent) || event.detail?.quiet !== true) waitMs = firstMs;
  look();
});
document.addEventListener('visibilitychange', look);
look();
