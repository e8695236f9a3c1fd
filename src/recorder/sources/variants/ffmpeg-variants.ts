import type { MediaVariant } from '../../capture/variants.ts';
import { type FfmpegSpec, inputArguments, paceOf } from '../ffmpeg.ts';
import { startFfmpeg } from '../ffmpeg-process.ts';
import { SegmentReceiver } from '../segment-receiver.ts';
import { inTurn } from './in-turn.ts';
import { SourceClock } from './source-clock.ts';
import type { CapturePart, CaptureSpec, VariantSource } from './variant-source.ts';

interface Output {
  readonly variant: MediaVariant;
  readonly url: string;
  /** File descriptor on which ffmpeg lists the segments it has finished. */
  readonly list: number;
}

/**
 * Captures one source with ffmpeg into several variants at once: it is decoded once, and every variant is cut at the same frames. What
 * happens now goes on after an interruption with what happens then; anything else is read again, and what is staged is skipped.
 */
export function ffmpegVariants(spec: FfmpegSpec, { variants, timing }: CaptureSpec): VariantSource {
  const live = timing.kind === 'now';
  return {
    live,
    async *parts({ staged, notBeforeMs, signal }) {
      const known = live ? Math.max(0, ...variants.map(staged)) : 0;
      const elapsed = known * spec.segmentSeconds;
      if (spec.durationSeconds !== undefined && elapsed >= spec.durationSeconds) return;
      const clock = new SourceClock({ timing, notBeforeMs, segmentMs: Math.round(spec.segmentSeconds * 1000) });
      const hold = { ffmpeg: (_: boolean): void => undefined, full: new Set<Channel>() };
      const channels = variants.map((variant, at) => openChannel(variant, at, hold, clock));
      try {
        const outputs = await Promise.all(channels.map(outputOf));
        const ffmpeg = await startFfmpeg(spec.program, variantArguments(spec, outputs, elapsed), outputs.length);
        hold.ffmpeg = ffmpeg.hold;
        let stoppedAt: number | undefined;
        const stop = () => {
          stoppedAt = Date.now();
          ffmpeg.stop();
        };
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();
        for (const channel of channels)
          ffmpeg.onLine(() => {
            channel.finished += 1;
          }, channel.list);
        const end = (orderly: boolean) => {
          clock.ended(stoppedAt ?? Date.now());
          for (const { receiver, finished } of channels) receiver.end(finished, orderly);
        };
        void ffmpeg.ended.then(
          () => end(true),
          () => end(false),
        );
        try {
          for await (const part of inTurn(channels.map((channel) => partsOf(channel, clock, known))))
            if (part.sequence > (live ? 0 : staged(part.variant))) yield part;
          await ffmpeg.ended;
        } finally {
          signal.removeEventListener('abort', stop);
          ffmpeg.kill();
        }
      } finally {
        for (const { receiver } of channels) receiver.close();
      }
    },
  };
}

/** One variant on its way from ffmpeg. */
interface Channel {
  readonly variant: MediaVariant;
  readonly receiver: SegmentReceiver;
  readonly list: number;
  finished: number;
}

/** One that is full holds ffmpeg, and with it all of them. */
function openChannel(
  variant: MediaVariant,
  position: number,
  hold: { ffmpeg: (held: boolean) => void; full: Set<Channel> },
  clock: SourceClock,
): Channel {
  const onFull = (full: boolean) => {
    if (full) hold.full.add(channel);
    else hold.full.delete(channel);
    hold.ffmpeg(hold.full.size > 0);
  };
  const receiver = new SegmentReceiver(onFull, (number) => clock.begun(number, Date.now()));
  // Standard output for the first, then what comes after the three that every program has.
  const channel = { variant, receiver, list: position === 0 ? 1 : position + 2, finished: 0 };
  return channel;
}

async function outputOf({ variant, receiver, list }: Channel): Promise<Output> {
  return { variant, list, url: await receiver.listen() };
}

async function* partsOf(
  { variant, receiver }: Channel,
  clock: SourceClock,
  known: number,
): AsyncGenerator<CapturePart> {
  for await (const { bytes, number } of receiver.segments())
    yield { variant, sequence: known + number + 1, bytes, ...(await clock.rangeOf(number)) };
}

export function variantArguments(
  spec: FfmpegSpec,
  outputs: readonly Output[],
  elapsedSeconds: number,
): readonly string[] {
  const hasVideo = spec.mediaType !== 'audio';
  const hasAudio = outputs.some(({ variant }) => variant === 'audio_priority');
  const sound = spec.from === 'test' && hasVideo ? '1:a' : '0:a:0';
  const split = '[0:v:0]split=2[full][live];[live]scale=w=min(640\\,iw):h=-2,fps=15[small]';
  const limit = spec.durationSeconds === undefined ? [] : ['-t', String(spec.durationSeconds - elapsedSeconds)];
  return [
    ...inputArguments(spec, paceOf(spec)),
    ...(hasVideo ? ['-filter_complex', split] : []),
    ...outputs.flatMap(({ variant, url, list }) => [
      ...mapping(variant, hasVideo, hasAudio ? sound : undefined),
      ...limit,
      ...encodingOf(variant, hasVideo, spec.segmentSeconds),
      ...cutting(spec.segmentSeconds, url, list),
    ]),
  ];
}

function mapping(variant: MediaVariant, hasVideo: boolean, sound: string | undefined): readonly string[] {
  const audio = sound === undefined ? [] : ['-map', sound];
  if (variant === 'audio_priority' || !hasVideo) return audio;
  return ['-map', variant === 'live_preview' ? '[small]' : '[full]', ...audio];
}

function encodingOf(variant: MediaVariant, hasVideo: boolean, segmentSeconds: number): readonly string[] {
  if (variant === 'audio_priority') return ['-c:a', 'aac', '-b:a', '24k', '-ac', '1'];
  if (!hasVideo) return ['-c:a', 'aac', '-b:a', '192k'];
  // Key frames at the cuts and nowhere else: where they fall decides where a variant is cut.
  const keyFrames = [
    '-force_key_frames',
    `expr:gte(t,n_forced*${segmentSeconds})`,
    '-g',
    '100000',
    '-sc_threshold',
    '0',
  ];
  // Without a look ahead: what waits in an encoder would be lost in a crash, and the sound of the last second at every end.
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', ...keyFrames];
  return variant === 'live_preview'
    ? [...video, '-b:v', '250k', '-maxrate', '300k', '-bufsize', '600k', '-c:a', 'aac', '-b:a', '32k', '-ac', '1']
    : [...video, '-crf', '18', '-c:a', 'aac', '-b:a', '160k'];
}

/** Times as they are, in every segment: shifted by the delay of its own encoder, each variant would be cut somewhere else. */
function cutting(segmentSeconds: number, url: string, list: number): readonly string[] {
  return [
    ...['-avoid_negative_ts', 'disabled', '-segment_format_options', 'avoid_negative_ts=disabled'],
    ...['-f', 'segment', '-segment_time', String(segmentSeconds), '-segment_format', 'mpegts'],
    ...['-segment_list', `pipe:${list}`, '-segment_list_type', 'flat', url],
  ];
}
