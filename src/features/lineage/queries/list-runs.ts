import { fromBase64Url, toBase64Url } from '#kit/bytes.ts';
import { Problem } from '#kit/errors.ts';
import { isBefore, parseTimestamp, type Timestamp } from '#kit/time.ts';
import type { ServiceKey } from '../record/names.ts';
import { type Arrival, compareLines, type Impact, type RunLine } from '../record/run-line.ts';
import type { RunStore } from '../stores/run-store.ts';

export interface RunRange {
  /** A day or a time; both ends belong to it. */
  from?: string | undefined;
  to?: string | undefined;
}

export interface RunFilter extends RunRange {
  commit?: string | undefined;
  impact?: readonly Impact[] | undefined;
}

export interface RunPage {
  runs: RunLine[];
  next_cursor?: string;
}

/** Newest first, from behind the cursor or the given run on. */
export async function listRuns(
  store: RunStore,
  key: ServiceKey,
  {
    after: given,
    cursor,
    limit,
    ...filter
  }: RunFilter & { limit: number; cursor?: string | undefined; after?: Arrival },
): Promise<RunPage> {
  const after = given ?? decodeRunCursor(cursor);
  const runs: RunLine[] = [];
  for await (const line of runsWithin(store, key, filter, 'newest', after?.received_at)) {
    if (after !== undefined && compareLines(line, after) >= 0) continue;
    runs.push(line);
    if (runs.length > limit) break;
  }
  const last = runs[limit - 1];
  return runs.length > limit && last !== undefined
    ? { runs: runs.slice(0, limit), next_cursor: encodeRunCursor(last) }
    : { runs };
}

/** Day by day, so that no more is in memory than one day of one service. */
export async function* runsWithin(
  store: RunStore,
  key: ServiceKey,
  { commit, impact, ...range }: RunFilter,
  order: 'newest' | 'oldest',
  notAfter?: Timestamp,
): AsyncGenerator<RunLine> {
  const { from, to } = readRange(range);
  const lastDay = notAfter === undefined || to < notAfter ? to.slice(0, 10) : notAfter.slice(0, 10);
  const within = (await store.days(key)).filter(({ day }) => day >= from.slice(0, 10) && day <= lastDay);
  const days = commit === undefined ? within : ((await store.daysOfCommit?.(key, commit, within)) ?? within);
  for (const day of order === 'newest' ? days.toReversed() : days) {
    const lines = await store.day(key, day);
    for (const line of order === 'newest' ? lines.reverse() : lines) {
      if (isBefore(line.received_at, from) || isBefore(to, line.received_at)) continue;
      if (commit !== undefined && line.commit_sha !== commit) continue;
      if (impact !== undefined && !impact.includes(line.impact)) continue;
      yield line;
    }
  }
}

/** Throws invalid_request. */
export function readRange({ from, to }: RunRange): { from: Timestamp; to: Timestamp } {
  const range = {
    from: readMoment('from', from ?? '0001-01-01', '00:00:00.000'),
    to: readMoment('to', to ?? '9999-12-31', '23:59:59.999999'),
  };
  if (isBefore(range.to, range.from)) throw new Problem('invalid_request', { message: 'to: must not be before from' });
  return range;
}

function readMoment(name: string, text: string, time: string): Timestamp {
  const moment = parseTimestamp(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T${time}Z` : text);
  if (moment === undefined)
    throw new Problem('invalid_request', { message: `${name}: must be a day like 2026-01-31 or an RFC 3339 time` });
  return moment;
}

function encodeRunCursor({ received_at, run_id }: RunLine): string {
  return toBase64Url(new TextEncoder().encode(`1:${received_at}:${run_id}`));
}

function decodeRunCursor(cursor: string | undefined): Arrival | undefined {
  if (cursor === undefined) return undefined;
  const text = new TextDecoder().decode(fromBase64Url(cursor));
  const [, received_at, run_id] = /^1:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z):([A-Za-z0-9._-]+)$/.exec(text) ?? [];
  if (received_at === undefined || run_id === undefined) throw new Problem('invalid_cursor');
  return { received_at, run_id };
}
