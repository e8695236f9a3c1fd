import { isMediaType, type MediaType } from '#client/media-type.ts';
import { parseDuration } from '#kit/time.ts';
import { parseBytes } from './measures.ts';
import type { PoorNetworkOptions } from './network/poor-network.ts';
import { RecorderError } from './recorder-error.ts';
import type { SourceSpec } from './sources/open-source.ts';

/** The options of `proofline record` as the command line gives them. */
export interface RecordFlags {
  generate?: string;
  every?: string;
  files?: string[];
  watch?: string;
  idle?: string;
  testPattern?: boolean;
  input?: string;
  inputFormat?: string;
  screen?: string | true;
  mediaType: string;
  variants?: boolean;
  context?: string;
  segment: string;
  duration?: string;
  fast?: boolean;
  transcode?: boolean;
  chunkBytes: string;
  ffmpeg: string;

  server?: string;
  username?: string;
  passwordFile?: string;
  tokenFile?: string;
  incident?: string;
  stream?: string;
  label?: string;

  state?: string;
  resume?: string;
  capture: boolean;
  stageOnly?: boolean;
  maxStaging?: string;
  keyFile?: string;

  inFlight: string;
  relay?: boolean;
  link?: boolean;
  liveLink?: boolean;
  close?: boolean;
  completePartial?: boolean;

  checkin?: string;
  battery?: string;
  networkName?: string;
  latitude?: string;
  longitude?: string;
  accuracy?: string;

  netLatency?: string;
  netJitter?: string;
  netTimeout?: string;
  netRate?: string;
  netOffline?: string[];
  netFail?: string;
  netSeed?: string;

  json?: boolean;
}

function wrong(option: string, expected: string): RecorderError {
  return new RecorderError('usage', `${option} must be ${expected}.`);
}

export function milliseconds(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw wrong(option, 'a duration such as 500ms, 4s or 1m30s');
  return ms;
}

export function bytes(option: string, text: string, least = 1): number {
  const value = parseBytes(text);
  if (value === undefined || value < least) throw wrong(option, 'a size such as 64KiB or 4MB');
  return value;
}

export function numberIn(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most))
    throw wrong(option, `a number from ${least} to ${most}`);
  return value;
}

export function wholeIn(option: string, text: string, least: number, most: number): number {
  const value = numberIn(option, text, least, most);
  if (!Number.isInteger(value)) throw wrong(option, 'a whole number');
  return value;
}

export function mediaTypeOf(flags: RecordFlags): MediaType {
  if (!isMediaType(flags.mediaType)) throw wrong('--media-type', 'audio, video, location or metadata');
  return flags.mediaType;
}

/** Exactly one source has to be named. */
export function sourceSpecOf(flags: RecordFlags): SourceSpec {
  const named = [flags.generate, flags.files, flags.watch, flags.testPattern, flags.input, flags.screen].filter(
    (given) => given !== undefined,
  );
  if (named.length !== 1) {
    const say = named.length === 0 ? 'Say what to record' : 'Name only one thing to record';
    throw new RecorderError('usage', `${say}: --test-pattern, --input, --screen, --files, --watch or --generate.`);
  }
  const chunkBytes = bytes('--chunk-bytes', flags.chunkBytes);
  if (flags.generate !== undefined) return generatedSpec(flags.generate, flags.every);
  if (flags.files) return { kind: 'files', paths: flags.files, chunkBytes };
  if (flags.watch !== undefined)
    return { kind: 'folder', path: flags.watch, chunkBytes, idleMs: milliseconds('--idle', flags.idle ?? '10s') };
  const segmentSeconds = milliseconds('--segment', flags.segment) / 1000;
  if (segmentSeconds < 0.5 || segmentSeconds > 3600) throw wrong('--segment', 'between 500ms and 1h');
  const name = flags.input ?? (typeof flags.screen === 'string' ? flags.screen : undefined);
  return {
    kind: 'ffmpeg',
    program: flags.ffmpeg,
    from: flags.input !== undefined ? 'input' : flags.screen !== undefined ? 'screen' : 'test',
    ...(name === undefined ? {} : { name }),
    ...(flags.inputFormat === undefined ? {} : { format: flags.inputFormat }),
    segmentSeconds,
    ...(flags.duration === undefined ? {} : { durationSeconds: milliseconds('--duration', flags.duration) / 1000 }),
    realtime: flags.testPattern === true && flags.fast !== true,
    transcode: flags.transcode === true,
    mediaType: mediaTypeOf(flags),
  };
}

function generatedSpec(text: string, every: string | undefined): SourceSpec {
  const [count = '', size = ''] = text.split('x');
  const segments = wholeIn('--generate', count, 1, 1_000_000);
  return {
    kind: 'generated',
    segments,
    segmentBytes: bytes('--generate', size),
    everyMs: milliseconds('--every', every ?? '1s'),
    seed: 1,
  };
}

/** Undefined when the network is left as it is. */
export function poorNetworkOf(flags: RecordFlags): PoorNetworkOptions | undefined {
  const options: PoorNetworkOptions = {
    ...(flags.netLatency === undefined ? {} : { latencyMs: milliseconds('--net-latency', flags.netLatency) }),
    ...(flags.netJitter === undefined ? {} : { jitterMs: milliseconds('--net-jitter', flags.netJitter) }),
    ...(flags.netTimeout === undefined ? {} : { timeoutMs: milliseconds('--net-timeout', flags.netTimeout) }),
    ...(flags.netRate === undefined ? {} : { bytesPerSecond: bytes('--net-rate', flags.netRate) }),
    ...(flags.netOffline === undefined ? {} : { offline: flags.netOffline.map(offlineWindow) }),
    ...(flags.netFail === undefined ? {} : { failureRate: share(flags.netFail) }),
  };
  if (Object.keys(options).length === 0) return undefined;
  return {
    ...options,
    ...(flags.netSeed === undefined ? {} : { seed: wholeIn('--net-seed', flags.netSeed, 0, 2 ** 32 - 1) }),
  };
}

function offlineWindow(text: string): readonly [number, number] {
  const [from = '', to = ''] = text.split('-');
  const window = [milliseconds('--net-offline', from), milliseconds('--net-offline', to)] as const;
  if (window[1] <= window[0]) throw wrong('--net-offline', 'from and to since the start, such as 10s-25s');
  return window;
}

function share(text: string): number {
  return text.endsWith('%')
    ? numberIn('--net-fail', text.slice(0, -1), 0, 99) / 100
    : numberIn('--net-fail', text, 0, 0.99);
}
