// @ts-check
/**
 * How pages say sizes, lengths of time and moments. Runs in the server, which writes the page, and in the browser, which keeps it
 * up to date, so that both say the same. Web platform only.
 */

const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

/**
 * @param {number} bytes
 * @returns {string} `812 bytes`, `3.4 MB`: decimal units, as phones and shops count them
 */
export function tellBytes(bytes) {
  if (bytes === 1) return '1 byte';
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 * @returns {string}
 */
export function tellCount(count, one, many = `${one}s`) {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/**
 * @param {number} ms
 * @returns {string} the largest unit that fits, rounded down: `4 seconds`, `1 minute`, `3 hours`, `12 days`
 */
export function tellLength(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return tellCount(seconds, 'second');
  if (seconds < 3600) return tellCount(Math.floor(seconds / 60), 'minute');
  if (seconds < 48 * 3600) return tellCount(Math.floor(seconds / 3600), 'hour');
  return tellCount(Math.floor(seconds / 86_400), 'day');
}

/**
 * @param {number} ms
 * @returns {string} exactly enough to add up by eye: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 1 min`
 */
export function tellSpan(ms) {
  if (ms > 0 && ms < 9950) return `${Number((Math.max(ms, 50) / 1000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const parts =
    hours > 0
      ? [`${hours.toLocaleString('en')} h`, minutes === 0 ? '' : `${minutes} min`]
      : [minutes === 0 ? '' : `${minutes} min`, minutes > 0 && seconds % 60 === 0 ? '' : `${seconds % 60} s`];
  return parts.filter(Boolean).join(' ');
}

/**
 * @param {string} at a timestamp
 * @param {number} nowMs
 * @returns {string} `just now`, `8 seconds ago`, `in 3 hours`
 */
export function tellAgo(at, nowMs) {
  const past = nowMs - Date.parse(at);
  if (past < -1500) return `in ${tellLength(-past)}`;
  return past < 2000 ? 'just now' : `${tellLength(past)} ago`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * @param {string} at a timestamp
 * @returns {string} `3 Feb 2026, 14:05:09 UTC`: the server does not know the reader's zone, so it names its own
 */
export function tellMoment(at) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  const clock = date.toISOString().slice(11, 19);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}, ${clock} UTC`;
}

/**
 * @param {string} from a timestamp
 * @param {string} to
 * @param {string} [since] where the reader already knows the day, as of a list
 * @returns {string} `14:05:09 to 14:05:11 UTC`, with the day where it is not known or another
 */
export function tellRange(from, to, since) {
  const without = (/** @type {string} */ at, /** @type {string | undefined} */ known) =>
    known !== undefined && at.slice(0, 10) === known.slice(0, 10) ? at.slice(11, 19) : tellMoment(at).slice(0, -4);
  return `${without(from, since)} to ${without(to, from)} UTC`;
}
