import type { MediaType } from '#client/media-type.ts';
import { startFfmpeg } from './ffmpeg-process.ts';
import { SegmentReceiver } from './segment-receiver.ts';
import type { Source } from './source.ts';

export interface FfmpegSpec {
  readonly kind: 'ffmpeg';
  readonly program: string;
  /** `test`: a moving pattern and a tone. `screen`: an X display. `input`: whatever ffmpeg opens by that name. */
  readonly from: 'test' | 'screen' | 'input';
  /** The display, or the input's name. */
  readonly name?: string;
  /** ffmpeg's name for the kind of input, for devices: v4l2, pulse, avfoundation, … */
  readonly format?: string;
  readonly segmentSeconds: number;
  readonly durationSeconds?: number;
  /** False: as fast as the machine can, for inputs that are not happening now. */
  readonly realtime: boolean;
  /** Encode anew where the default is to keep the input's own encoding. */
  readonly transcode: boolean;
  readonly mediaType: MediaType;
}

/**
 * Captures with ffmpeg into MPEG-TS segments that begin with a key frame, and so can be joined byte for byte and played
 * one by one. What is happening now goes on after an interruption with what happens then; anything else is read again,
 * and what is staged already is skipped.
 */
export function ffmpegSource(spec: FfmpegSpec): Source {
  return {
    async *segments({ after, signal }) {
      const staged = Number(after ?? 0);
      const live = isLive(spec);
      const elapsed = live ? staged * spec.segmentSeconds : 0;
      if (spec.durationSeconds !== undefined && elapsed >= spec.durationSeconds) return;
      let hold: (held: boolean) => void = () => undefined;
      const receiver = new SegmentReceiver((held) => hold(held));
      const output = await receiver.listen();
      const ffmpeg = await startFfmpeg(spec.program, ffmpegArguments(spec, output, elapsed)).catch((error: unknown) => {
        receiver.close();
        throw error;
      });
      hold = ffmpeg.hold;
      signal.addEventListener('abort', ffmpeg.stop, { once: true });
      if (signal.aborted) ffmpeg.stop();
      let finished = 0;
      ffmpeg.onLine(() => (finished += 1));
      void ffmpeg.ended.then(
        () => receiver.end(finished, true),
        () => receiver.end(finished, false),
      );
      try {
        let count = live ? staged : 0;
        for await (const { number: _, ...segment } of receiver.segments()) {
          count += 1;
          if (count > staged) yield { ...segment, cursor: String(count) };
        }
        await ffmpeg.ended;
      } finally {
        signal.removeEventListener('abort', ffmpeg.stop);
        ffmpeg.kill();
      }
    },
  };
}

/** True when the input is an event that cannot be read a second time. */
export function isLive(spec: FfmpegSpec): boolean {
  if (spec.from === 'test') return spec.realtime;
  return spec.from === 'screen' || spec.format !== undefined || /^(rtsp|rtmp|srt|udp|rtp):/.test(spec.name ?? '');
}

export function ffmpegArguments(spec: FfmpegSpec, output: string, elapsedSeconds: number): readonly string[] {
  const audioOnly = spec.mediaType === 'audio';
  const left = spec.durationSeconds === undefined ? [] : ['-t', String(spec.durationSeconds - elapsedSeconds)];
  const copy = spec.from === 'input' && spec.format === undefined && !spec.transcode;
  return [
    ...inputArguments(spec, paceOf(spec)),
    ...left,
    ...(audioOnly
      ? ['-map', '0:a:0', '-vn']
      : spec.from === 'test'
        ? ['-map', '0:v', '-map', '1:a']
        : ['-map', '0:v:0', '-map', '0:a:0?']),
    ...(copy ? ['-c', 'copy'] : encoding(spec, audioOnly)),
    ...['-f', 'segment', '-segment_time', String(spec.segmentSeconds), '-segment_format', 'mpegts'],
    // Each segment that is finished becomes a line on standard output: that is how their number is known.
    ...['-segment_list', 'pipe:1', '-segment_list_type', 'flat', output],
  ];
}

export function inputArguments(spec: FfmpegSpec, pace: readonly string[]): readonly string[] {
  const { from, name = '', format } = spec;
  if (from === 'screen') return ['-f', 'x11grab', '-framerate', '25', '-i', name === '' ? ':0' : name];
  if (from === 'input') return [...pace, ...(format === undefined ? [] : ['-f', format]), '-i', name];
  const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'];
  if (spec.mediaType === 'audio') return [...pace, ...tone];
  return [...pace, '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25', ...pace, ...tone];
}

function encoding(spec: FfmpegSpec, audioOnly: boolean): readonly string[] {
  // A key frame at each cut: without it a segment could not be played alone.
  const keyFrames = ['-force_key_frames', `expr:gte(t,n_forced*${spec.segmentSeconds})`];
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', ...keyFrames];
  return [...(audioOnly ? [] : video), '-c:a', 'aac', '-b:a', '96k'];
}

/** Holds back what could be read faster than it happens. */
export function paceOf(spec: FfmpegSpec): readonly string[] {
  return spec.realtime && !isDevice(spec) ? ['-re'] : [];
}

function isDevice(spec: FfmpegSpec): boolean {
  return spec.from === 'screen' || spec.format !== undefined;
}
