import { tellAgo } from '../../../http/pages/tell.js';

/** Everything works without this. It puts times into the reader's zone and fills in the secret of a set-up link. */
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

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

/** The secret comes after the #, which browsers never send anywhere; it leaves the address bar and the history here. */
function takeSecretFromAddress() {
  const field = document.getElementById('secret');
  const secret = new URLSearchParams(location.hash.slice(1)).get('secret');
  if (!(field instanceof HTMLInputElement) || secret === null) return;
  field.value = secret;
  history.replaceState(null, '', location.pathname);
  document.getElementById('username')?.focus();
}

takeSecretFromAddress();
addEventListener('hashchange', takeSecretFromAddress);
tellTimes();
setInterval(tellTimes, 15_000);
