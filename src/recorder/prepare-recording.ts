import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { timestamp } from '#kit/time.ts';
import { mediaTypeOf, milliseconds, type RecordFlags, sourceSpecOf } from './record-flags.ts';
import { RecorderError } from './recorder-error.ts';
import { isLiveSource, openSource, parseSourceSpec, type SourceSpec } from './sources/open-source.ts';
import type { Source } from './sources/source.ts';
import { isReadableByOthers, loadKey, loadOrCreateKey } from './staging/key-on-disk.ts';
import { Staging } from './staging/staging.ts';

export interface Prepared {
  readonly staging: Staging;
  readonly source: Source | undefined;
  readonly resumed: boolean;
  readonly keyCreated: boolean;
  readonly keyIsOpen: boolean;
  /** The source is gone on with where time went on without it. */
  readonly gap: boolean;
}

/** Opens the state folder: a new one for a new recording, or with --resume the one of an earlier. Throws RecorderError. */
export async function prepareRecording(flags: RecordFlags): Promise<Prepared> {
  return flags.resume === undefined ? begin(flags) : goOn(flags, flags.resume);
}

async function begin(flags: RecordFlags): Promise<Prepared> {
  if (!flags.capture) throw new RecorderError('usage', '--no-capture makes sense only with --resume.');
  if (flags.stream !== undefined && flags.incident === undefined)
    throw new RecorderError('usage', '--stream needs --incident.');
  if ((flags.label ?? '').length > 150) throw new RecorderError('usage', '--label must be at most 150 characters.');
  const spec = withFullPaths(sourceSpecOf(flags));
  const mediaType = mediaTypeOf(flags);
  // Opened first: a source that cannot work must leave nothing behind, here or on the server.
  const source = await openSource(spec);
  const recordingId = `rec_${randomBytes(6).toString('hex')}`;
  const folder = resolve(flags.state ?? join(stateHome(), 'recordings', recordingId));
  const keyFile = resolve(flags.keyFile ?? join(folder, 'key.json'));
  let keyCreated = false;
  const staging = await Staging.create(folder, async () => {
    const { key, created } = await loadOrCreateKey(keyFile);
    keyCreated = created;
    const server = serverOf(flags);
    return {
      key,
      state: {
        version: '1',
        recording_id: recordingId,
        created_at: timestamp(Date.now()),
        ...(server === undefined ? {} : { server }),
        ...(flags.username === undefined ? {} : { username: flags.username }),
        media_type: mediaType,
        client_label: flags.label === undefined ? `Recording ${recordingId}` : `${flags.label} (${recordingId})`,
        ...(flags.label === undefined ? {} : { stream_label: flags.label }),
        key_file: keyFile,
        key_id: key.keyId,
        provisional_incident_id: `inc_provisional_${recordingId}`,
        provisional_stream_id: `str_provisional_${recordingId}`,
        ...(flags.incident === undefined ? {} : { incident_id: flags.incident }),
        ...(flags.stream === undefined ? {} : { stream_id: flags.stream }),
        source: JSON.stringify(spec),
        capture: 'running',
        checkin_ms: flags.checkin === undefined ? 0 : milliseconds('--checkin', flags.checkin),
        wants_link: flags.link === true,
        wants_close: flags.close === true,
        complete_partial: flags.completePartial === true,
        delivery: 'open',
      },
    };
  });
  return { staging, source, resumed: false, keyCreated, keyIsOpen: await isReadableByOthers(keyFile), gap: false };
}

async function goOn(flags: RecordFlags, folder: string): Promise<Prepared> {
  if (flags.state !== undefined)
    throw new RecorderError('usage', 'Give the folder with --resume alone, without --state.');
  const staging = await Staging.resume(resolve(folder), (state) => loadKey(flags.keyFile ?? state.key_file));
  try {
    const server = serverOf(flags);
    await staging.update({
      ...(server === undefined ? {} : { server }),
      ...(flags.username === undefined ? {} : { username: flags.username }),
      ...(flags.link === true ? { wants_link: true } : {}),
      ...(flags.close === true ? { wants_close: true } : {}),
      ...(flags.completePartial === true ? { complete_partial: true } : {}),
      ...(flags.keyFile === undefined ? {} : { key_file: resolve(flags.keyFile) }),
    });
    const { state } = staging;
    const spec = parseSourceSpec(state.source);
    const capturing = flags.capture && state.capture === 'running';
    const source = capturing ? await openSource(spec) : undefined;
    const gap = capturing && isLiveSource(spec) && staging.chunks.length > 0;
    return {
      staging,
      source,
      resumed: true,
      keyCreated: false,
      keyIsOpen: await isReadableByOthers(state.key_file),
      gap,
    };
  } catch (error) {
    await staging.close();
    throw error;
  }
}

export function serverOf(flags: RecordFlags): string | undefined {
  return flags.server ?? process.env.PROOFLINE_SERVER;
}

/** Where a program keeps what must survive a restart but is no document: the XDG base directory specification. */
export function stateHome(): string {
  const base = process.env.XDG_STATE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.local', 'state') : base, 'proofline');
}

/** A resume may be called from another folder. */
export function withFullPaths(spec: SourceSpec): SourceSpec {
  if (spec.kind === 'files') return { ...spec, paths: spec.paths.map((path) => resolve(path)) };
  if (spec.kind === 'folder') return { ...spec, path: resolve(spec.path) };
  const isFile =
    spec.kind === 'ffmpeg' &&
    spec.from === 'input' &&
    spec.format === undefined &&
    !/^[a-z][a-z0-9+.-]*:/.test(spec.name ?? '');
  return isFile && spec.name !== undefined ? { ...spec, name: resolve(spec.name) } : spec;
}
