import type { AddressInfo } from 'node:net';

/** As it stands in a URL. */
export function shown(address: AddressInfo): string {
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}
