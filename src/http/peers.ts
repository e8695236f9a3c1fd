import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Whose request is this? The socket's peer, or what a declared proxy says of its own peer; nobody else's headers count. */
export interface Peers {
  addressOf(incoming: IncomingMessage): string;
  /** Did the client use https? This server speaks http, so only a declared proxy can say so (X-Forwarded-Proto). */
  cameByHttps(incoming: IncomingMessage): boolean;
}

export function trustProxies(networks: readonly string[]): Peers {
  const trusted = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string) => {
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
  return {
    addressOf(incoming) {
      const socketPeer = plain(incoming.socket.remoteAddress ?? '');
      if (networks.length === 0 || !isTrusted(socketPeer)) return socketPeer;
      const header = incoming.headers['x-forwarded-for'];
      const hops = (Array.isArray(header) ? header.join(',') : (header ?? ''))
        .split(',')
        .map((hop) => plain(hop.trim()));
      // From the right: the first address that no trusted proxy of ours stands behind.
      for (let i = hops.length - 1; i >= 0; i--) {
        const hop = hops[i] ?? '';
        if (isIP(hop) === 0) break;
        if (!isTrusted(hop)) return hop;
      }
      return socketPeer;
    },
    cameByHttps(incoming) {
      if (!isTrusted(plain(incoming.socket.remoteAddress ?? ''))) return false;
      const header = incoming.headers['x-forwarded-proto'];
      // The last value is the nearest proxy's own.
      return (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').at(-1)?.trim() === 'https';
    },
  };
}

function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
