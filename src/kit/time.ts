/** Times are strings everywhere: RFC 3339 in UTC, `2026-01-02T03:04:05.678Z`, so that they sort as text. */
export type Timestamp = string;

export type Clock = () => number;

export function timestamp(ms: number): Timestamp {
  return new Date(ms).toISOString();
}

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Parses RFC 3339 strictly and returns UTC, or undefined. Fractions keep three to six digits: what PostgreSQL can hold,
 * and at least the milliseconds that sorting relies on. Leap seconds are refused, as Date cannot hold them.
 */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = '', zone = ''] = match;
  // The calendar of ISO 8601 has a year 0, PostgreSQL's has none.
  if (year === '0000') return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(day) < 1 || Number(day) > daysIn(Number(year), Number(month))) return undefined;
  const digits = fraction.slice(0, 6).replace(/0+$/, '').padEnd(3, '0');
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  if (zone === 'Z' || zone === 'z') return `${local}.${digits}Z`;
  if (Number(zone.slice(1, 3)) > 23 || Number(zone.slice(4, 6)) > 59) return undefined;
  const whole = new Date(`${local}${zone}`).toISOString();
  // An offset may push the year out of four digits, where times no longer sort as text.
  return whole.length === 24 && !whole.startsWith('0000') ? `${whole.slice(0, 20)}${digits}Z` : undefined;
}

/** 0 for a month that there is none of. */
function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [31, 0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}

/** Order in time, also when the fractions differ in length (the closing Z would sort after a digit). */
export function isBefore(a: Timestamp, b: Timestamp): boolean {
  return a.length === b.length ? a < b : a.slice(0, -1) < b.slice(0, -1);
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses `90s`, `1h30m`, `250ms`, `0` into milliseconds; undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g))
    total += Number(count) * (units[unit ?? ''] ?? Number.NaN);
  return Number.isSafeInteger(total) ? total : undefined;
}

export function formatDuration(ms: number): string {
  if (ms === 0) return '0';
  let rest = ms;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = units[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
