import { type VariantName, variantTraits } from '../capture/variants.ts';
import { showDuration } from '../measures.ts';
import type { RecorderEvent } from '../recorder-event.ts';
import { type CaptureProgress, captureLines, captureSentence, type VariantProgress } from './capture-text.ts';
import { ProgressBlock, type Terminal } from './progress-line.ts';
import { Rate } from './rate.ts';
import { type RecordReporter, sentence, shortly } from './record-reporter.ts';

/** A line every ten seconds where there is no terminal, so that it is seen to live. */
const speakEveryMs = 10_000;

/** For people: a bar for each variant on a terminal, and elsewhere a line now and then. `start`: what an earlier run had done. */
export function captureReporter(
  terminal: Terminal,
  start: { readonly variants: readonly VariantProgress[]; readonly capturing: boolean },
): RecordReporter {
  const rate = new Rate();
  const progress = new Map(start.variants.map((one) => [String(one.variant), { ...one }]));
  let { capturing } = start;
  let waiting: string | undefined;
  let spokeAt = Date.now();
  let sayDropped = true;
  const now = (): CaptureProgress => ({
    variants: [...progress.values()],
    bytesPerSecond: rate.bytesPerSecond,
    growing: capturing,
    note: waiting ?? (capturing ? 'recording' : undefined),
  });
  const block = new ProgressBlock(terminal, (columns) => captureLines(now(), columns));
  block.start();

  const speak = (text: () => string) => {
    if (terminal.isTTY || Date.now() - spokeAt <= speakEveryMs) return;
    spokeAt = Date.now();
    block.say(text());
  };
  const report = (event: RecorderEvent): void => {
    count(progress, event);
    if (event.event === 'capture_ended') capturing = false;
    if (event.event === 'accepted') {
      rate.add(event.byte_size);
      waiting = undefined;
      speak(() => captureSentence(now()));
    }
    if (event.event === 'waiting') {
      const next = showDuration(event.wait_ms, true);
      waiting = `${shortly(event.code)}, next try in ${next}`;
      speak(() => `${captureSentence(now())}. Now ${event.doing}: ${event.reason} Next try in ${next}.`);
    }
    const message = event.event === 'dropped' ? (sayDropped ? droppedFirst : undefined) : captureSentenceOf(event);
    if (event.event === 'dropped') sayDropped = false;
    if (message !== undefined) block.say(message);
  };
  return { report, stop: () => block.stop() };
}

const droppedFirst =
  'No room is left for everything: what the server has, or what waits here in another variant, is given up, full quality first. No moment loses its only evidence.';

function count(progress: Map<string, VariantProgress>, event: RecorderEvent): void {
  if (event.event !== 'staged' && event.event !== 'accepted' && event.event !== 'dropped') return;
  const one = progress.get(event.variant ?? '');
  if (!one) return;
  const { variant, staged, stagedBytes, accepted, acceptedBytes, dropped } = one;
  const size = event.byte_size;
  if (event.event === 'staged') progress.set(variant, { ...one, staged: staged + 1, stagedBytes: stagedBytes + size });
  else if (event.event === 'accepted')
    progress.set(variant, { ...one, accepted: accepted + 1, acceptedBytes: acceptedBytes + size });
  // What was not staged yet has no size, and was not counted.
  else
    progress.set(variant, {
      ...one,
      dropped: dropped + 1,
      staged: size > 0 ? staged - 1 : staged,
      stagedBytes: stagedBytes - size,
    });
}

function captureSentenceOf(event: RecorderEvent): string | undefined {
  switch (event.event) {
    case 'capture_connected':
      return `Incident      ${event.incident_id}\nCapture       ${event.capture_group_id}`;
    case 'capture_ended':
      return event.error === undefined
        ? `Captured ${moments(event.chunks)}.`
        : `The capture broke off after ${moments(event.chunks)}: ${event.error}`;
    case 'blocked':
      return event.variant === undefined
        ? sentence(event)
        : `The server refuses ${shown(event.variant)} ${event.index}: ${event.message} (${event.code})`;
    case 'lost':
      return `No room: ${event.started_at} to ${event.ended_at} is not recorded as ${shown(event.variant)}.`;
    case 'completed':
      return `Complete: ${shown(event.variant)}, ${counted(event.chunk_count, 'chunk')}.`;
    case 'failed':
      return `Not whole: ${shown(event.variant)}. ${event.reason} Its other chunks are kept.`;
    case 'confirmed':
      return confirmedSentence(event);
    default:
      return sentence(event);
  }
}

function confirmedSentence(event: Extract<RecorderEvent, { event: 'confirmed' }>): string {
  const { fallback, with_context, gaps } = event;
  return [
    `The server has ${moments(event.moments)}: ${event.full_quality} in full quality`,
    ...(fallback > 0 ? [`${fallback} as preview or sound only`] : []),
    ...(with_context > 0 ? [`${with_context} with their place`] : []),
    gaps > 0 ? `${counted(gaps, 'gap')} in time.` : 'no gap in time.',
  ].join(', ');
}

function moments(count: number): string {
  return counted(count, 'moment');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function shown(variant = ''): string {
  // Events carry names as text, for whoever reads them as JSON.
  return variantTraits[variant as VariantName]?.shown ?? variant;
}
