import { showBytes, showDuration } from '../measures.ts';
import type { RecorderEvent, Report } from '../recorder-event.ts';
import { ProgressLine, type ProgressState, type Terminal } from './progress-line.ts';
import { Rate } from './rate.ts';

export interface RecordReporter {
  readonly report: Report;
  readonly stop: () => void;
}

/** One JSON object a line, with the time of each event. */
export function jsonReporter(write: (text: string) => void): RecordReporter {
  return {
    report: (event) => write(`${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`),
    stop: () => undefined,
  };
}

/** For people: a bar on a terminal, and elsewhere a line now and then. `start`: what an earlier run staged and delivered. */
export function humanReporter(
  terminal: Terminal,
  start: { staged: number; accepted: number; capturing: boolean; expected: number | undefined },
): RecordReporter {
  const rate = new Rate();
  let { staged, accepted, capturing } = start;
  let chunks = 0;
  let waiting: string | undefined;
  let spokeAt = Date.now();
  const state = (): ProgressState => {
    // What is sealed is a little longer than what was captured; the expectation serves only until staging passes it.
    const total = capturing ? Math.max(staged, start.expected ?? 0) : staged;
    const note = waiting ?? (capturing ? 'recording' : undefined);
    const growing = capturing && start.expected === undefined;
    return {
      done: accepted,
      total,
      bytesPerSecond: rate.bytesPerSecond,
      growing,
      ...(note === undefined ? {} : { note }),
    };
  };
  const line = new ProgressLine(terminal, state);
  line.start();

  const report = (event: RecorderEvent): void => {
    if (event.event === 'staged') staged += event.byte_size;
    else if (event.event === 'capture_ended') capturing = false;
    if (event.event === 'accepted') {
      accepted += event.byte_size;
      chunks += 1;
      rate.add(event.byte_size);
      waiting = undefined;
      // Without a terminal nobody sees a bar: a line every ten seconds tells that it lives.
      if (!terminal.isTTY && Date.now() - spokeAt > 10_000) {
        spokeAt = Date.now();
        line.say(
          `${chunks} chunks on the server, ${showBytes(accepted)} of ${showBytes(state().total)}, ${showBytes(rate.bytesPerSecond)}/s`,
        );
      }
    }
    if (event.event === 'waiting') {
      waiting = `${shortly(event.code)}, next try in ${showDuration(event.wait_ms, true)}`;
      if (!terminal.isTTY && Date.now() - spokeAt > 10_000) {
        spokeAt = Date.now();
        line.say(`${event.doing}: ${event.reason} Next try in ${showDuration(event.wait_ms, true)}.`);
      }
    }
    const message = sentence(event);
    if (message !== undefined) line.say(message);
  };
  return { report, stop: () => line.stop() };
}

/** An error's code in a word or two, for the end of a progress line. */
export function shortly(code: string): string {
  return (
    { connection: 'no connection', timeout: 'no answer', answer: 'strange answer' }[code] ?? code.replaceAll('_', ' ')
  );
}

/** What an event is to a person; undefined for what the progress shows. */
export function sentence(event: RecorderEvent): string | undefined {
  switch (event.event) {
    case 'state':
      return [
        `${event.resumed ? 'Going on with the recording in' : 'State folder'}  ${event.folder}`,
        `Key file      ${event.key_file}${event.key_created ? '  (new; keep it safe: without it nobody can play the recording)' : ''}`,
      ].join('\n');
    case 'connected':
      return `Incident      ${event.incident_id}\nStream        ${event.stream_id}`;
    case 'capture_ended':
      return event.error === undefined
        ? `Captured ${event.chunks} chunks.`
        : `The capture broke off after ${event.chunks} chunks: ${event.error}`;
    case 'blocked':
      return `The server refuses${event.index === undefined ? '' : ` chunk ${event.index}`}: ${event.message} (${event.code})`;
    case 'checkin_missed':
      return `A check-in did not get through: ${event.reason}`;
    case 'completed':
      return `Complete: all ${event.chunk_count} chunks are on the server.`;
    case 'failed':
      return `The stream was marked as failed: ${event.reason} Its chunks are kept.`;
    case 'relay':
      return relaySentence(event);
    case 'live_link':
      return `Live link      ${event.url}`;
    case 'viewer_link':
      return `Link to view   ${event.url}${event.expires_at === undefined ? '' : `\n               until ${event.expires_at}`}`;
    case 'closed':
      return 'The incident is closed.';
    case 'notice':
      return event.message;
    default:
      return undefined;
  }
}

function relaySentence(event: Extract<RecorderEvent, { event: 'relay' }>): string {
  if (event.state === 'used') return `Through the relay  ${event.relay_url}`;
  if (event.state === 'none') return 'The server gives out no relay; chunks go straight to it.';
  return `The relay does not answer; chunks go straight to the server. (${event.reason})`;
}
