import { tellAgo } from '../../../http/pages/tell.js';

/** The moments of a page in the zone of who reads it. Those of timelines also in the way that they write times. */

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const dated = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** What is written where: only what says how long ago becomes another by time alone. @type {WeakMap<HTMLTimeElement, string>} */
const written = new WeakMap();

/** @param {number} nowMs */
export function drawTimes(nowMs) {
  for (const time of document.querySelectorAll('time')) {
    const { tell } = time.dataset;
    if (tell !== 'ago' && written.get(time) === time.dateTime) continue;
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    written.set(time, time.dateTime);
    const local = exact.format(at);
    const text = tell === 'ago' ? tellAgo(time.dateTime, nowMs) : tell === 'moment' ? local : ofTimeline(time, at);
    if (time.textContent !== text) time.textContent = text;
    if (tell === 'ago' && time.title !== local) time.title = local;
    const place = time.closest('.local');
    if (place instanceof HTMLElement) place.hidden = false;
  }
}

/** The day is said where it is not the one on which the timeline begins. @param {HTMLTimeElement} time @param {Date} at */
function ofTimeline(time, at) {
  const list = time.closest('[data-since]');
  const since = list instanceof HTMLElement ? new Date(list.dataset.since ?? '') : undefined;
  return since !== undefined && since.toDateString() === at.toDateString() ? clock.format(at) : dated.format(at);
}
