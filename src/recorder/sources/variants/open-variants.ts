import { stat } from 'node:fs/promises';
import { timestamp } from '#kit/time.ts';
import { mediaVariantsOf } from '../../capture/variants.ts';
import { RecorderError } from '../../recorder-error.ts';
import { type FfmpegSpec, inputArguments, isLive } from '../ffmpeg.ts';
import { requireFfmpeg } from '../ffmpeg-process.ts';
import type { SourceSpec } from '../open-source.ts';
import { ffmpegVariants } from './ffmpeg-variants.ts';
import { generatedVariants } from './generated-variants.ts';
import { type InputFacts, probeInput } from './probe-input.ts';
import type { CaptureSpec, Timing, VariantSource } from './variant-source.ts';

/** Finds out what variants a source can have, and when it happens. Throws RecorderError. */
export async function planCapture(spec: SourceSpec, context: string | undefined): Promise<CaptureSpec> {
  const contextPart = context === undefined ? {} : { context };
  if (spec.kind === 'generated')
    return {
      of: spec,
      variants: mediaVariantsOf({ video: true, audio: true }),
      timing: { kind: 'now' },
      ...contextPart,
    };
  if (spec.kind !== 'ffmpeg')
    throw new RecorderError(
      'usage',
      'Variants are made by ffmpeg: record with --test-pattern, --input or --screen. A file is an --input, too.',
    );
  await requireFfmpeg(spec.program);
  const facts = await factsOf(spec);
  const video = spec.mediaType !== 'audio' && facts.video;
  if (spec.mediaType === 'audio' && !facts.audio)
    throw new RecorderError('no_input', 'There is no sound in that input.');
  const variants = mediaVariantsOf({ video, audio: facts.audio });
  const timing = await timingOf(spec, facts.lengthMs);
  // What has no known end is taken as it comes, no faster than it happens.
  const realtime = spec.realtime || timing.kind === 'now';
  return { of: { ...spec, realtime, mediaType: video ? 'video' : 'audio' }, variants, timing, ...contextPart };
}

/** Throws RecorderError `ffmpeg_missing`. */
export async function openCapture(spec: CaptureSpec): Promise<VariantSource> {
  if (spec.of.kind === 'generated') return generatedVariants(spec.of, spec.variants);
  await requireFfmpeg(spec.of.program);
  return ffmpegVariants(spec.of, spec);
}

export function parseCaptureSpec(json: string): CaptureSpec {
  const value: unknown = JSON.parse(json);
  // Written by this program from a CaptureSpec; `variants` says that it is one, and the folder is the user's own.
  if (typeof value === 'object' && value !== null && 'variants' in value) return value as CaptureSpec;
  throw new RecorderError('state_damaged', 'The state folder does not say what was recorded.');
}

async function factsOf(spec: FfmpegSpec): Promise<InputFacts> {
  if (spec.from === 'test') return { video: spec.mediaType !== 'audio', audio: true, lengthMs: undefined };
  if (spec.from === 'screen') return { video: true, audio: false, lengthMs: undefined };
  return await probeInput(spec.program, inputArguments(spec, []));
}

/** A file ended when it was last written; a made-up picture that is not shown in time ends now. */
async function timingOf(spec: FfmpegSpec, lengthMs: number | undefined): Promise<Timing> {
  if (isLive(spec)) return { kind: 'now' };
  const limitMs = spec.durationSeconds === undefined ? undefined : spec.durationSeconds * 1000;
  const length = Math.min(lengthMs ?? Number.POSITIVE_INFINITY, limitMs ?? Number.POSITIVE_INFINITY);
  if (!Number.isFinite(length)) return { kind: 'now' };
  const file = spec.from === 'input' ? await stat(spec.name ?? '').catch(() => undefined) : undefined;
  // What is cut off at --duration is the end of the file.
  const start = file === undefined ? Date.now() - length : Math.min(file.mtimeMs, Date.now()) - (lengthMs ?? length);
  return { kind: 'past', startedAt: timestamp(start), lengthMs: length };
}
