import { parseTimestamp } from '#kit/time.ts';
import { mediaType, sha256Hex } from '../api/wire.ts';
import {
  flag,
  type Infer,
  list,
  object,
  oneOf,
  optional,
  type Reader,
  read,
  text,
  textWhere,
  whole,
} from '../shape.ts';

export const time = textWhere('an RFC 3339 time', (value) => parseTimestamp(value) !== undefined);
export const encryption = object({ expected: oneOf('client-side'), scheme: text, server_decrypts: flag });

const streamHead = object({
  incident_id: text,
  stream_id: text,
  media_type: mediaType,
  label: optional(text),
  status: text,
  encryption,
  created_at: time,
  completed_at: optional(time),
  chunk_count: whole(0),
  total_bytes: whole(0),
});
export type StreamManifest = Infer<typeof streamHead>;

const chunkLine = object({
  chunk_index: whole(1),
  media_type: mediaType,
  byte_size: whole(0),
  sha256_hex: sha256Hex,
  started_at: time,
  ended_at: time,
  original_filename: optional(text),
});
export type ChunkLine = Infer<typeof chunkLine>;

const summary = object({
  stream_id: text,
  media_type: optional(mediaType),
  chunk_count: optional(whole(0)),
  total_bytes: optional(whole(0)),
});
const incidentManifest = object({
  incident: object({ id: text }),
  encryption,
  streams: list(summary),
  stream_count: whole(0),
  total_bytes: whole(0),
  generated_at: time,
});
export type IncidentManifest = Infer<typeof incidentManifest>;

/** What could be read of a manifest, and everything that is wrong with its shape. */
export interface Parsed<T> {
  readonly value: T | undefined;
  readonly problems: readonly string[];
}

const lines = object({ chunks: list(passThrough) });
function passThrough(value: unknown): { value: unknown } {
  return { value };
}

/** A chunk line that cannot be read does not keep the others from being verified. */
export function parseStreamManifest(json: unknown): Parsed<{ head: StreamManifest; chunks: readonly ChunkLine[] }> {
  const problems: string[] = [];
  const head = parse(streamHead, json, problems);
  const chunks: ChunkLine[] = [];
  const given = parse(lines, json, problems);
  for (const [position, line] of (given?.chunks ?? []).entries()) {
    const chunk = chunkLine(line.value, `chunks[${position}]`, problems);
    if (chunk) chunks.push(chunk);
  }
  return { value: head && given ? { head, chunks } : undefined, problems };
}

export function parseIncidentManifest(json: unknown): Parsed<IncidentManifest> {
  const problems: string[] = [];
  return { value: parse(incidentManifest, json, problems), problems };
}

/** Told apart by what only one of them has. */
export function manifestKind(json: unknown): 'stream' | 'incident' | 'capture_group' | 'unknown' {
  if (typeof json !== 'object' || json === null) return 'unknown';
  if ('format' in json) return 'capture_group';
  if ('streams' in json) return 'incident';
  return 'chunks' in json ? 'stream' : 'unknown';
}

export function parse<T>(reader: Reader<T>, json: unknown, problems: string[]): T | undefined {
  const result = read(reader, json);
  if ('value' in result) return result.value;
  problems.push(...result.problems);
  return undefined;
}
