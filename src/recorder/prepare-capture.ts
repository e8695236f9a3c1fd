import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { timestamp } from '#kit/time.ts';
import { mediaTypeOfVariant, variantNames } from './capture/variants.ts';
import { serverOf, stateHome, withFullPaths } from './prepare-recording.ts';
import { bytes, milliseconds, type RecordFlags, sourceSpecOf } from './record-flags.ts';
import { RecorderError } from './recorder-error.ts';
import { ContextFeed } from './sources/context/context-feed.ts';
import { openCapture, parseCaptureSpec, planCapture } from './sources/variants/open-variants.ts';
import type { CaptureSpec, VariantSource } from './sources/variants/variant-source.ts';
import { CaptureStaging } from './staging/capture-staging.ts';
import type { CaptureState } from './staging/capture-state.ts';
import { isReadableByOthers, loadKey, loadOrCreateKey } from './staging/key-on-disk.ts';

export interface PreparedCapture {
  readonly staging: CaptureStaging;
  readonly source: VariantSource | undefined;
  readonly context: ContextFeed | undefined;
  readonly resumed: boolean;
  readonly keyCreated: boolean;
  readonly keyIsOpen: boolean;
  /** The source is gone on with where time went on without it. */
  readonly gap: boolean;
  /** How long what is to be near-live may wait before bandwidth counts as short. */
  readonly lateMs: number;
}

/** Opens the state folder of a capture: a new one, or with --resume the one of an earlier. Throws RecorderError. */
export async function prepareCapture(flags: RecordFlags): Promise<PreparedCapture> {
  return flags.resume === undefined ? begin(flags) : goOn(flags, flags.resume);
}

async function begin(flags: RecordFlags): Promise<PreparedCapture> {
  if (!flags.capture) throw new RecorderError('usage', '--no-capture makes sense only with --resume.');
  if (flags.stream !== undefined)
    throw new RecorderError('usage', '--stream is for one stream, and --variants opens several: leave it out.');
  if ((flags.label ?? '').length > 150) throw new RecorderError('usage', '--label must be at most 150 characters.');
  const contextPath = flags.context === undefined || flags.context === '-' ? flags.context : resolve(flags.context);
  const spec = await planCapture(withFullPaths(sourceSpecOf(flags)), contextPath);
  // Opened first: a source that cannot work must leave nothing behind, here or on the server.
  const source = await openCapture(spec);
  const context = await openContext(spec, undefined);
  const recordingId = `rec_${randomBytes(6).toString('hex')}`;
  const folder = resolve(flags.state ?? join(stateHome(), 'recordings', recordingId));
  const keyFile = resolve(flags.keyFile ?? join(folder, 'key.json'));
  let keyCreated = false;
  const staging = await CaptureStaging.create(folder, async () => {
    const { key, created } = await loadOrCreateKey(keyFile);
    keyCreated = created;
    return { key, state: stateOf(flags, spec, { recordingId, keyFile, keyId: key.keyId }) };
  }).catch(async (error: unknown) => {
    await context?.close();
    throw error;
  });
  const keyIsOpen = await isReadableByOthers(keyFile);
  return { staging, source, context, resumed: false, keyCreated, keyIsOpen, gap: false, lateMs: lateMsOf(spec) };
}

function stateOf(
  flags: RecordFlags,
  spec: CaptureSpec,
  { recordingId, keyFile, keyId }: { recordingId: string; keyFile: string; keyId: string },
): CaptureState {
  const server = serverOf(flags);
  const hasVideo = spec.variants.includes('live_preview');
  const names = variantNames.filter((name) =>
    name === 'location_context' ? spec.context !== undefined : spec.variants.includes(name),
  );
  return {
    version: '1',
    recording_id: recordingId,
    created_at: timestamp(Date.now()),
    ...(server === undefined ? {} : { server }),
    ...(flags.username === undefined ? {} : { username: flags.username }),
    client_label: flags.label === undefined ? `Recording ${recordingId}` : `${flags.label} (${recordingId})`,
    ...(flags.label === undefined ? {} : { stream_label: flags.label }),
    key_file: keyFile,
    key_id: keyId,
    provisional_incident_id: `inc_provisional_${recordingId}`,
    ...(flags.incident === undefined ? {} : { incident_id: flags.incident }),
    source: JSON.stringify(spec),
    capture: 'running',
    checkin_ms: flags.checkin === undefined ? 0 : milliseconds('--checkin', flags.checkin),
    wants_link: flags.link === true,
    wants_close: flags.close === true,
    complete_partial: flags.completePartial === true,
    ...(flags.maxStaging === undefined ? {} : { max_staging: bytes('--max-staging', flags.maxStaging) }),
    variants: names.map((name) => ({
      name,
      media_type: mediaTypeOfVariant(name, hasVideo),
      provisional_stream_id: `str_provisional_${recordingId}_${name}`,
      delivery: 'open',
    })),
  };
}

async function goOn(flags: RecordFlags, folder: string): Promise<PreparedCapture> {
  if (flags.state !== undefined)
    throw new RecorderError('usage', 'Give the folder with --resume alone, without --state.');
  const staging = await CaptureStaging.resume(resolve(folder), (state) => loadKey(flags.keyFile ?? state.key_file));
  try {
    const server = serverOf(flags);
    await staging.update({
      ...(server === undefined ? {} : { server }),
      ...(flags.username === undefined ? {} : { username: flags.username }),
      ...(flags.link === true ? { wants_link: true } : {}),
      ...(flags.close === true ? { wants_close: true } : {}),
      ...(flags.completePartial === true ? { complete_partial: true } : {}),
      ...(flags.keyFile === undefined ? {} : { key_file: resolve(flags.keyFile) }),
      ...(flags.maxStaging === undefined ? {} : { max_staging: bytes('--max-staging', flags.maxStaging) }),
    });
    const { state } = staging;
    const spec = parseCaptureSpec(state.source);
    const capturing = flags.capture && state.capture === 'running';
    const source = capturing ? await openCapture(spec) : undefined;
    const cursor = staging.variants.includes('location_context')
      ? staging.stream('location_context').chunks.at(-1)?.cursor
      : undefined;
    const context = capturing ? await openContext(spec, cursor) : undefined;
    const keyIsOpen = await isReadableByOthers(state.key_file);
    const gap = source?.live === true && staging.chunkOf(1) !== undefined;
    return { staging, source, context, resumed: true, keyCreated: false, keyIsOpen, gap, lateMs: lateMsOf(spec) };
  } catch (error) {
    await staging.close();
    throw error;
  }
}

async function openContext(spec: CaptureSpec, cursor: string | undefined): Promise<ContextFeed | undefined> {
  if (spec.context === undefined) return undefined;
  return await ContextFeed.open(spec.context, { live: spec.timing.kind === 'now', cursor });
}

function lateMsOf({ of }: CaptureSpec): number {
  return 2 * (of.kind === 'ffmpeg' ? of.segmentSeconds * 1000 : Math.max(of.everyMs, 500));
}
