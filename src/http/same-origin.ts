import type { IncomingMessage } from 'node:http';
import { isLoopback } from '#platform/process/setting.ts';

/**
 * Does this request come from a page of ours? Browsers say so in Sec-Fetch-Site; over plain http on a network they leave it out, then
 * Origin must name the host that was asked. Neither: not a browser that we can protect, so refused.
 */
export function isSameOrigin({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  // `none` is the person at the browser: a reload or a bookmark, never another page.
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin, host } = headers;
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === host.toLowerCase();
}

/** Does the browser speak to its own machine, by what it asked for? It keeps Secure cookies of such a host without https too. */
export function asksLoopback({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const url = `http://${headers.host ?? ''}`;
  if (!URL.canParse(url)) return false;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return isLoopback(host) || host.endsWith('.localhost');
}
