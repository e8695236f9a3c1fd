import { tellCount } from '../../../http/pages/tell.js';
import { FollowedStream, invitationsIn } from './follow-relay.js';

/**
 * The streams of this page that a relay shows ahead of their confirmation.
 *
 * @typedef {import('./happening.js').Data} Data
 * @typedef {import('./live-rows.js').LivePart} LivePart
 */

/** @type {FollowedStream[]} */
const followed = [];
/** Events come in bursts. */
const drawEveryMs = 250;

/**
 * Begins to read along, once, where the link invites to it.
 * @param {Data} data @param {() => void} draw
 */
export function followRelay(data, draw) {
  const { relay } = document.querySelector('main')?.dataset ?? {};
  if (followed.length > 0 || relay === undefined) return;
  let waits = false;
  const changed = () => {
    if (waits) return;
    waits = true;
    setTimeout(() => {
      waits = false;
      draw();
    }, drawEveryMs);
  };
  for (const invitation of invitationsIn(location.hash)) {
    const path = `/relay/v1/incidents/${data.incident.id}/streams/${invitation.streamId}/live`;
    const stream = new FollowedStream(relay + path, invitation, changed);
    followed.push(stream);
    void stream.follow();
  }
}

/** @param {Data} data @param {string} groupId @returns {LivePart[]} */
export function partsOf(data, groupId) {
  const ids = new Set(data.streams.filter((one) => one.capture_stream_group_id === groupId).map(({ id }) => id));
  return followed.filter(({ streamId }) => ids.has(streamId)).flatMap((stream) => stream.parts());
}

/** @returns {string} empty where the page does not read along */
export function relayWords() {
  const states = new Set(followed.map(({ state }) => state));
  if (states.has('reading'))
    return 'Also reading along at a relay. What only the relay has seen is marked as not confirmed.';
  if (states.has('lost')) return 'The relay cannot be reached. What it showed last is marked as not confirmed.';
  return states.has('over') ? 'Reading along at the relay is over.' : '';
}

/** Of a stream without a timeline. @param {string} streamId @returns {string} */
export function streamLiveWords(streamId) {
  const parts = followed.find((stream) => stream.streamId === streamId)?.parts() ?? [];
  const waiting = parts.filter(({ state }) => state === 'unconfirmed').length;
  const withdrawn = parts.filter(({ state }) => state === 'rejected' || state === 'failed').length;
  return [
    waiting > 0 ? `Not confirmed: ${tellCount(waiting, 'part')} that only a relay has seen.` : '',
    withdrawn > 0 ? `Withdrawn: ${tellCount(withdrawn, 'part')} that a relay showed and the server does not have.` : '',
  ]
    .filter(Boolean)
    .join(' ');
}
