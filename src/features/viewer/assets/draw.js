import { tellBytes } from '../../../http/pages/tell.js';
import { checkinWords, emptyWords, happening, latestArrival, looseParts, streamWords } from './happening.js';
import { relayWords, streamLiveWords } from './live-streams.js';
import { drawTimes } from './times.js';

/**
 * Puts data into the page that the server wrote. Only text and attributes are set, never markup, so nothing that a recorder sent
 * can become any.
 *
 * @typedef {import('./happening.js').Data} Data
 * @typedef {import('./happening.js').Stream} Stream
 */

/** @param {ParentNode | null | undefined} root @param {string} name @param {string} text */
export function fill(root, name, text) {
  const element = root?.querySelector(`[data-field=${name}]`);
  // Untouched where nothing changed: a selection or a screen reader may be in it.
  if (element instanceof HTMLElement && element.textContent !== text) element.textContent = text;
  return element instanceof HTMLElement ? element : undefined;
}

/** @param {HTMLElement | null | undefined} element @param {boolean} visible */
export function show(element, visible) {
  if (element instanceof HTMLElement && element.hidden === visible) element.hidden = !visible;
}

/** @param {string} id @param {string} text @param {boolean} empty */
function showEmpty(id, text, empty) {
  const place = document.getElementById(id);
  if (place !== null && place.textContent !== text) place.textContent = text;
  show(place, empty);
}

/** @param {ParentNode | null | undefined} root @param {string | undefined} at every `<time>` in it */
function setTimes(root, at) {
  if (at === undefined) return;
  for (const time of root?.querySelectorAll('time') ?? []) time.dateTime = at;
}

/** @param {Data} data @param {number} nowMs */
export function draw(data, nowMs) {
  const arrival = document.getElementById('arrival');
  show(arrival, latestArrival(data) !== undefined);
  setTimes(arrival, latestArrival(data));
  drawCheckin(data);
  drawStreams(data);
  drawDownloads(data);
  const relay = document.getElementById('relay');
  if (relay !== null && relay.textContent !== relayWords()) relay.textContent = relayWords();
  show(relay, relayWords() !== '');
  drawClock(data, nowMs);
}

const lastKnown = 'Last known: ';

/**
 * Everything that changes by time alone.
 * @param {Data | undefined} data
 * @param {number} nowMs
 * @param {number} [lostSinceMs] when the server last answered, where it does not any more: what is on the screen is from then, and
 *   that nothing new came since is our own doing
 */
export function drawClock(data, nowMs, lostSinceMs) {
  drawTimes(nowMs);
  const now = document.getElementById('now');
  if (data === undefined) {
    const written = now?.querySelector('[data-field=title]')?.textContent ?? '';
    if (lostSinceMs !== undefined && !written.startsWith(lastKnown)) fill(now, 'title', lastKnown + written);
    return;
  }
  const words = happening(data, lostSinceMs ?? nowMs);
  const told = lostSinceMs === undefined ? words.title : lastKnown + words.title;
  if (now !== null) now.dataset.state = words.state;
  fill(now, 'title', told);
  fill(now, 'text', words.text);
  const title = `${told}: ${data.incident.client_label ?? 'Shared incident'}`;
  if (document.title !== title) document.title = title;
}

/** @param {Data} data */
function drawCheckin(data) {
  const section = document.getElementById('checkin');
  const checkin = data.latest_checkin;
  show(fill(section, 'none', 'The phone has not reported its state.'), checkin === undefined);
  show(section?.querySelector('dl'), checkin !== undefined);
  if (section === null || checkin === undefined) return;
  const row = (/** @type {string} */ name) => {
    const found = section.querySelector(`[data-row=${name}]`);
    return found instanceof HTMLElement ? found : undefined;
  };
  const words = checkinWords(checkin);
  setTimes(row('when'), checkin.created_at);
  for (const name of /** @type {const} */ (['battery', 'network', 'place'])) {
    fill(section, name, words[name]);
    show(row(name), words[name] !== '');
  }
  fill(section, 'accuracy', words.accuracy);
  const link = section.querySelector('[data-field=geo]');
  if (link instanceof HTMLAnchorElement) {
    if (words.geo === '') link.removeAttribute('href');
    else if (link.getAttribute('href') !== words.geo) link.href = words.geo;
    show(link, words.geo !== '');
  }
}

/** @param {string} id of a template @returns {HTMLElement | undefined} a copy of its one element */
export function copyOf(id) {
  const template = document.getElementById(id);
  const copy =
    template instanceof HTMLTemplateElement ? document.importNode(template.content, true).firstElementChild : null;
  return copy instanceof HTMLElement ? copy : undefined;
}

/** @param {Data} data */
function drawStreams(data) {
  const list = document.getElementById('streams');
  const open = data.incident.status === 'open';
  const loose = looseParts(data);
  for (const stream of data.streams) {
    let item = find(list, 'stream', stream.id);
    if (item === undefined) {
      item = copyOf('stream-item');
      if (item === undefined || list === null) continue;
      item.dataset.stream = stream.id;
      list.append(item);
    }
    const words = streamWords(stream, open);
    item.dataset.state = stream.status;
    fill(item, 'name', words.name);
    fill(item, 'state', words.state);
    fill(item, 'amount', words.amount);
    show(fill(item, 'note', words.note), words.note !== '');
    const live = stream.capture_stream_group_id === undefined ? streamLiveWords(stream.id) : '';
    show(fill(item, 'live', live), live !== '');
  }
  showEmpty('no-streams', emptyWords(data).recordings, data.streams.length === 0 && loose === '');
  const parts = document.getElementById('loose-parts');
  if (parts !== null && parts.textContent !== loose) parts.textContent = loose;
  show(parts, loose !== '');
}

/** @param {HTMLElement | null} list @param {'stream' | 'download'} key @param {string} id */
function find(list, key, id) {
  return [...(list?.children ?? [])].find(
    /** @returns {item is HTMLElement} */ (item) => item instanceof HTMLElement && item.dataset[key] === id,
  );
}

/** @param {Data} data */
function drawDownloads(data) {
  const list = document.getElementById('downloads');
  const complete = data.streams.filter((stream) => stream.status === 'complete');
  const all = find(list, 'download', 'all');
  fill(all, 'size', tellBytes(complete.reduce((total, stream) => total + stream.total_bytes, 0)));
  show(all, complete.length > 1);
  showEmpty('no-downloads', emptyWords(data).downloads, complete.length === 0);
  for (const stream of complete) {
    if (find(list, 'download', stream.id) !== undefined) continue;
    const item = copyOf('download-item');
    if (item === undefined || list === null) continue;
    item.dataset.download = stream.id;
    const link = item.querySelector('a');
    if (link !== null) link.href = `${location.pathname}/streams/${encodeURIComponent(stream.id)}/download`;
    fill(item, 'name', streamWords(stream, false).name);
    fill(item, 'size', tellBytes(stream.total_bytes));
    list.append(item);
  }
}
