import { renewed } from './request.js';

/** While somebody looks at a page its session stays good, so that pictures and frames on it do too. */
const everyMs = 4 * 60_000;
let lastAt = Date.now();

async function keep() {
  if (document.hidden || Date.now() - lastAt < everyMs) return;
  lastAt = Date.now();
  await renewed();
}

setInterval(() => void keep(), 30_000);
document.addEventListener('visibilitychange', () => void keep());
