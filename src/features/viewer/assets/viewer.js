import { draw, drawClock } from './draw.js';
import { drawAll, drawTimelines } from './follow-captures.js';
import { happening } from './happening.js';
import { followRelay } from './live-streams.js';

/** @typedef {import('./happening.js').Data} Data */

const whileOpenMs = 2_500;
const whileHiddenMs = 30_000;
const whileClosedMs = 60_000;
const longestWaitMs = 30_000;
const answerWithinMs = 10_000;
/** Without an answer for so long, as after a phone has slept, what is on the screen is old. */
const oldAfterMs = whileClosedMs + 2 * answerWithinMs;

// The address of this page is the only place where the token stands; nothing here copies it anywhere else.
const dataAddress = `${location.pathname}/data`;

/** @type {Data | undefined} */
let data;
/** Server time minus our own clock, so that a wrong clock on this phone does no harm. */
let clockAheadMs = Date.parse(document.querySelector('main')?.dataset.generatedAt ?? '') - Date.now();
let lastAnswerAt = Date.now();
let failures = 0;
let turn = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

const serverNow = () => Date.now() + clockAheadMs;

/** One question to the server; whatever comes of it, the next is planned. */
async function ask() {
  clearTimeout(timer);
  turn += 1;
  const mine = turn;
  let waitMs = 0;
  try {
    const response = await fetch(dataAddress, {
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(answerWithinMs),
    });
    if (mine !== turn) return;
    if (response.status === 404) {
      // Expired, withdrawn or deleted: what is on the screen may not stay there either.
      location.reload();
      return;
    }
    if (response.status === 429) {
      waitMs = Math.max(1, Number(response.headers.get('Retry-After')) || 30) * 1000;
      showConnection(
        'paused',
        `Too many people are watching from your network. Trying again in ${Math.ceil(waitMs / 1000)} seconds.`,
      );
    } else if (response.ok) {
      take(await response.json());
    } else {
      throw new Error('not an answer');
    }
  } catch {
    if (mine !== turn) return;
    failures += 1;
    showLost();
  }
  plan(waitMs);
}

/** @param {number} atLeastMs */
function plan(atLeastMs) {
  const calm = data?.incident.status === 'closed' ? whileClosedMs : whileOpenMs;
  const usual = document.visibilityState === 'hidden' ? Math.max(calm, whileHiddenMs) : calm;
  // After a failure: twice as long each time, a little different for everybody, so that they do not come back all at once.
  const backOff =
    failures === 0 ? 0 : Math.min(longestWaitMs, whileOpenMs * 2 ** (failures - 1)) * (0.8 + Math.random() * 0.4);
  timer = setTimeout(ask, Math.max(atLeastMs, failures === 0 ? usual : backOff));
}

/** @param {Data} next */
function take(next) {
  const before = data;
  const wasLost = failures > 0;
  data = next;
  failures = 0;
  lastAnswerAt = Date.now();
  clockAheadMs = Date.parse(next.generated_at) - lastAnswerAt;
  draw(next, serverNow());
  void drawTimelines(next, serverNow);
  followRelay(next, drawLive);
  showConnection(
    'live',
    next.incident.status === 'closed' ? 'Up to date.' : 'Up to date. This page keeps itself current.',
  );
  announce(before, next, wasLost);
}

/** What a relay says comes between two answers of the server. */
function drawLive() {
  if (data === undefined) return;
  draw(data, serverNow());
  drawAll(data, serverNow());
}

/** Said aloud by screen readers: only what changes the picture, never each part.
 * @param {Data | undefined} before @param {Data} next @param {boolean} wasLost */
function announce(before, next, wasLost) {
  const news = [];
  if (wasLost) news.push('The connection is back.');
  if (before !== undefined) {
    const now = happening(next, serverNow());
    if (now.state !== happening(before, serverNow()).state) news.push(`${now.title}. ${now.text}`);
    if (before.latest_checkin?.created_at !== next.latest_checkin?.created_at) news.push('New word from the phone.');
    const complete = (/** @type {Data} */ d) => d.streams.filter((stream) => stream.status === 'complete').length;
    if (complete(next) > complete(before)) news.push('A recording is complete and can be downloaded.');
  }
  if (news.length > 0) say(news.join(' '));
}

function showLost() {
  const since = new Date(lastAnswerAt).toLocaleTimeString('en-GB');
  tick();
  showConnection('lost', `No connection to the server since ${since}. What you see is from then. Trying again.`);
  if (failures === 1) say(`No connection to the server since ${since}. Trying again.`);
}

/** @param {string} state @param {string} text */
function showConnection(state, text) {
  const place = document.getElementById('connection');
  if (place === null) return;
  place.dataset.state = state;
  const words = place.querySelector('[data-field=text]');
  if (words !== null && words.textContent !== text) words.textContent = text;
}

/** @param {string} text */
function say(text) {
  const place = document.getElementById('announcements');
  if (place !== null) place.textContent = text;
}

function setUpCopy() {
  const button = document.getElementById('copy-place');
  const place = document.querySelector('[data-field=place]');
  // Browsers give pages a clipboard only over https or on the machine itself.
  if (!(button instanceof HTMLButtonElement) || place === null || navigator.clipboard === undefined) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(place.textContent ?? '');
      say('Coordinates copied.');
      button.dataset.done = 'true';
      setTimeout(() => delete button.dataset.done, 2_000);
    } catch {
      say('Copying did not work. Select the coordinates instead.');
    }
  });
}

/** The state can change by the clock alone: from recording to nothing new. */
function tick() {
  const before = document.getElementById('now')?.dataset.state;
  const lost = failures > 0 || Date.now() - lastAnswerAt > oldAfterMs;
  drawClock(data, serverNow(), lost ? lastAnswerAt + clockAheadMs : undefined);
  const after = document.getElementById('now')?.dataset.state;
  if (data !== undefined && before !== after) say(document.getElementById('now-title')?.textContent ?? '');
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void ask();
});
addEventListener('online', () => void ask());
addEventListener('pageshow', (event) => {
  if (event.persisted) void ask();
});
setUpCopy();
setInterval(tick, 1_000);
tick();
void ask();
