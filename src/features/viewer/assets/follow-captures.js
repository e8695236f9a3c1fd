import { drawBehind, drawGroups, drawTimeline } from './draw-captures.js';
import { partsOf } from './live-streams.js';
import { drawTimes } from './times.js';

/**
 * Timelines are asked for where a group has more confirmed parts than the one at hand knows.
 *
 * @typedef {import('./happening.js').Data} Data
 * @typedef {import('./timeline-words.js').Timeline} Timeline
 */

/** So that a group whose parts come every second does not use up what one network may ask for. */
const atMostEveryMs = 5_000;
const answerWithinMs = 10_000;

/** @type {Map<string, Timeline>} */
const timelines = new Map();
/** When the next question about a group may be asked. @type {Map<string, number>} */
const notBefore = new Map();
let asking = false;

/** Draws what is known, then what the server answers. Of several calls at once, one asks. @param {Data} data @param {() => number} serverNow */
export async function drawTimelines(data, serverNow) {
  drawGroups(data);
  drawAll(data, serverNow());
  if (asking) return;
  asking = true;
  try {
    for (const { id, chunk_count: count, too_large: tooLarge } of data.capture_groups)
      if (!tooLarge && isBehind(id, count) && Date.now() >= (notBefore.get(id) ?? 0)) await ask(id);
  } finally {
    asking = false;
  }
  drawAll(data, serverNow());
}

/** What is known by now. @param {Data} data @param {number} nowMs */
export function drawAll(data, nowMs) {
  for (const { id, chunk_count: count, too_large: tooLarge } of data.capture_groups) {
    const timeline = timelines.get(id);
    if (timeline === undefined) continue;
    drawTimeline(timeline, data.incident.status === 'open', partsOf(data, id));
    drawBehind(id, tooLarge ? 0 : count - timeline.chunk_count);
  }
  drawTimes(nowMs);
}

/** @param {string} id @param {number} count */
function isBehind(id, count) {
  return (timelines.get(id)?.chunk_count ?? -1) < count;
}

/** @param {string} id */
async function ask(id) {
  let waitMs = atMostEveryMs;
  try {
    const response = await fetch(`${location.pathname}/capture-groups/${encodeURIComponent(id)}/timeline`, {
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(answerWithinMs),
    });
    if (response.ok) timelines.set(id, await response.json());
    else if (response.status === 429) waitMs = Math.max(1, Number(response.headers.get('Retry-After')) || 30) * 1000;
  } catch {
    // The page says that the timeline is behind. That the server is gone is said by who asks it for the data.
  }
  notBefore.set(id, Date.now() + waitMs);
}
