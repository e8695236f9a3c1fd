import { Problem } from '#kit/errors.ts';
import { isLoopback, parseAddress } from '#platform/process/setting.ts';
import type { LineageIdentity } from '../identity.ts';
import { isForeignPage } from '../presented.ts';

/**
 * Every program on this machine may do everything. Pages in its browsers may not: neither those of other sites, nor those that reach
 * this machine under a name of their own (DNS rebinding).
 */
export const anyone: LineageIdentity = {
  async identify(headers) {
    if (isForeignPage(headers) || !isThisMachine(headers.get('host'))) throw new Problem('authentication_required');
    return { subject: 'anyone', may: () => true };
  },
};

/** HTTP/1.1 demands the header, so a request without one was made inside of this process. */
function isThisMachine(host: string | null): boolean {
  if (host === null) return true;
  const address = parseAddress(/:\d+$/.test(host) ? host : `${host}:80`);
  return address !== undefined && isLoopback(address.host.toLowerCase());
}
