import { isSha256Hex } from '#kit/bytes.ts';
import { Problem } from '#kit/errors.ts';
import { isBefore, parseTimestamp, timestamp } from '#kit/time.ts';

/** Where a chunk stands on the timeline of its capture group. */
export interface ChunkSource {
  segmentId: string;
  sequence: number;
  startedAt: string;
  endedAt: string;
  contextDigest: string | null;
}

/** As text, before any of it is checked. Absent is undefined. */
export interface SourceText {
  segmentId: string | undefined;
  sequence: string | undefined;
  startedAt: string | undefined;
  endedAt: string | undefined;
  contextDigest: string | undefined;
}

/** Names that clients give to sources and segments: compared, never read. */
export const sourceName = /^[A-Za-z0-9_.:-]{1,128}$/;

/**
 * Undefined when no field is given. Late is fine, a master may come long after its moment; only the future is refused.
 * Throws invalid_source_segment, invalid_source_range, source_clock_skew.
 */
export function parseSource(text: SourceText, clock: { nowMs: number; skewMs: number }): ChunkSource | undefined {
  const source = readSource(text);
  if (source !== undefined && isBefore(timestamp(clock.nowMs + clock.skewMs), source.endedAt))
    throw new Problem('source_clock_skew');
  return source;
}

/** The same of a chunk that was uploaded already: no clock judges it again. */
export function readSource(text: SourceText): ChunkSource | undefined {
  if (Object.values(text).every((value) => value === undefined)) return undefined;
  const { segmentId, contextDigest } = text;
  if (segmentId === undefined || !sourceName.test(segmentId) || !/^\d{1,15}$/.test(text.sequence ?? ''))
    throw new Problem('invalid_source_segment');
  if (contextDigest !== undefined && !isSha256Hex(contextDigest)) throw new Problem('invalid_source_segment');
  const [startedAt, endedAt] = [parseTimestamp(text.startedAt ?? ''), parseTimestamp(text.endedAt ?? '')];
  // What covers no time is evidence of none.
  if (startedAt === undefined || endedAt === undefined || !isBefore(startedAt, endedAt))
    throw new Problem('invalid_source_range');
  return { segmentId, sequence: Number(text.sequence), startedAt, endedAt, contextDigest: contextDigest ?? null };
}

/** A stream of a group takes only chunks with a source, any other stream only chunks without. Throws source_mismatch. */
export function assertSourceFits(groupId: string | null | undefined, source: ChunkSource | undefined): void {
  if ((groupId == null) !== (source === undefined)) throw new Problem('source_mismatch');
}
