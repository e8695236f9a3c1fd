import { tellAgo } from '../../../http/pages/tell.js';

/** Puts times into the reader's zone and keeps them true. */
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

function tellTimes() {
  for (const time of document.querySelectorAll('time')) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const local = exact.format(at);
    const isAgo = time.dataset.tell === 'ago';
    time.textContent = isAgo ? tellAgo(time.dateTime, Date.now()) : local;
    if (isAgo) time.title = local;
  }
}

addEventListener('vault:shown', tellTimes);
setInterval(tellTimes, 15_000);
tellTimes();
