// @ts-check
import { tellBytes, tellCount, tellLength } from '../../../http/pages/tell.js';
import { evidenceName } from './row-words.js';

/**
 * What the data of an incident means, in words for a worried reader. Runs in the server for the first page and in the browser for every
 * later moment of it.
 *
 * @typedef {{ created_at: string }} Chunk
 * @typedef {{ id: string, media_type: string, label?: string | undefined, status: string, chunk_count: number, total_bytes: number, failure_reason?: string | undefined, variant_role?: string | undefined, quality_profile?: string | undefined, capture_stream_group_id?: string | undefined }} Stream
 * @typedef {{ created_at: string, device_battery_percent?: number | undefined, device_network?: string | undefined, latitude?: number | undefined, longitude?: number | undefined, accuracy_meters?: number | undefined }} Checkin
 * @typedef {{
 *   incident: { id: string, status: string, client_label?: string | undefined, created_at: string, updated_at: string },
 *   latest_checkin?: Checkin | undefined,
 *   latest_chunk_by_media_type: Record<string, Chunk>,
 *   chunk_count_by_media_type: Record<string, number>,
 *   streams: Stream[],
 *   capture_groups: { id: string, label?: string | undefined, chunk_count: number, too_large: boolean }[],
 *   more_capture_groups: boolean,
 *   generated_at: string,
 * }} Data
 * @typedef {'live' | 'quiet' | 'waiting' | 'paused' | 'closed'} State
 */

/** Recorders send a part every few seconds; after this long without one, something is in the way. */
export const quietAfterMs = 60_000;

/** @param {Data} data @returns {string | undefined} when the newest part arrived */
export function latestArrival(data) {
  return Object.values(data.latest_chunk_by_media_type)
    .map((chunk) => chunk.created_at)
    .sort()
    .at(-1);
}

/**
 * @param {Data} data
 * @param {number} nowMs
 * @returns {{ state: State, title: string, text: string }}
 */
export function happening(data, nowMs) {
  const arrival = latestArrival(data);
  const recording = data.streams.some((stream) => stream.status === 'open');
  if (data.incident.status === 'closed')
    return {
      state: 'closed',
      title: 'Closed',
      text:
        arrival === undefined
          ? 'It was ended without any recording.'
          : 'It was ended, and nothing more will arrive. What arrived is kept.',
    };
  if (arrival === undefined)
    return {
      state: 'waiting',
      title: 'Started, nothing recorded yet',
      text: 'No part of a recording has arrived so far. This page shows it when one does.',
    };
  const since = nowMs - Date.parse(arrival);
  if (!recording && data.streams.length > 0)
    return {
      state: 'paused',
      title: 'Not recording at the moment',
      text: 'All recordings so far have stopped. It has not been ended, so a new one may start.',
    };
  if (since < quietAfterMs)
    return { state: 'live', title: 'Recording now', text: 'New parts are arriving, and each is kept as it arrives.' };
  return {
    state: 'quiet',
    title: `Nothing new for ${tellLength(since)}`,
    text: 'It was not ended. The phone may be out of network, switched off, or have stopped recording. Everything that arrived before is kept.',
  };
}

/** @type {Record<string, string>} */
const mediaNames = { audio: 'Sound', video: 'Video', location: 'Places', metadata: 'Details' };

/** @param {string} type @returns {string} */
export function mediaName(type) {
  return mediaNames[type] ?? type;
}

/** @type {Record<string, string>} */
const streamStates = { open: 'Recording', complete: 'Complete', failed: 'Broken off' };

/**
 * @param {Stream} stream
 * @param {boolean} incidentOpen
 * @returns {{ name: string, state: string, amount: string, note: string }}
 */
export function streamWords(stream, incidentOpen) {
  const name = stream.variant_role === undefined ? mediaName(stream.media_type) : evidenceName(stream);
  const unfinished = stream.status === 'open' && !incidentOpen;
  return {
    name: stream.label === undefined ? name : `${name}: ${stream.label}`,
    state: unfinished ? 'Not completed' : (streamStates[stream.status] ?? stream.status),
    amount:
      stream.chunk_count === 0
        ? stream.status === 'open' && incidentOpen
          ? 'Nothing arrived yet'
          : 'Nothing arrived'
        : `${tellCount(stream.chunk_count, 'part')}, ${tellBytes(stream.total_bytes)}`,
    note:
      stream.status === 'failed'
        ? `${stream.failure_reason === undefined ? 'The phone gave this recording up.' : `The phone gave this recording up: ${stream.failure_reason}.`} What arrived is kept.`
        : unfinished
          ? 'It was ended before this recording was complete. What arrived is kept.'
          : '',
  };
}

/**
 * Parts that were sent one by one and belong to no stream, as older recorders do.
 * @param {Data} data
 * @returns {string}
 */
export function looseParts(data) {
  const parts = Object.entries(data.chunk_count_by_media_type).flatMap(([type, count]) => {
    const streamed = data.streams.filter((stream) => stream.media_type === type);
    const loose = count - streamed.reduce((total, stream) => total + stream.chunk_count, 0);
    return loose > 0 ? [`${mediaName(type)}, ${tellCount(loose, 'part')}`] : [];
  });
  return parts.length === 0 ? '' : `Also sent one by one: ${parts.join('; ')}.`;
}

/**
 * In place of an empty list.
 * @param {Data} data
 * @returns {{ recordings: string, downloads: string }}
 */
export function emptyWords(data) {
  return data.incident.status === 'closed'
    ? { recordings: 'Nothing was recorded.', downloads: 'No recording was completed, so there is nothing to download.' }
    : {
        recordings: 'Nothing has been recorded yet.',
        downloads: 'A recording can be downloaded once it is complete.',
      };
}

/**
 * @param {Checkin} checkin
 * @returns {{ battery: string, network: string, place: string, accuracy: string, geo: string }} empty where the phone said nothing
 */
export function checkinWords(checkin) {
  const { latitude, longitude, accuracy_meters: accuracy, device_battery_percent: battery } = checkin;
  const known = latitude !== undefined && longitude !== undefined;
  // Only what can be a place on Earth becomes a link; anything else is shown as the phone said it.
  const onEarth = known && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  const place = onEarth ? `${degrees(latitude)}, ${degrees(longitude)}` : known ? `${latitude}, ${longitude}` : '';
  const sure = accuracy !== undefined && accuracy >= 0;
  return {
    battery: battery === undefined ? '' : `${battery}\u00a0%`,
    network: checkin.device_network ?? '',
    place,
    accuracy: known && sure ? `accurate to about ${Math.ceil(accuracy).toLocaleString('en')} m` : '',
    geo: onEarth
      ? `geo:${degrees(latitude)},${degrees(longitude)}${sure && accuracy < 1e7 ? `;u=${Math.ceil(accuracy)}` : ''}`
      : '',
  };
}

/** @param {number} value six decimals are about ten centimetres */
function degrees(value) {
  return String(Number(value.toFixed(6)));
}
