import { BlockList, isIP } from 'node:net';

/**
 * What an address is to a request that a user's words send out.
 * `public`: anybody's. `inner`: this machine, or a network that is not the internet. `never`: no server of anybody's.
 */
export type AddressKind = 'public' | 'inner' | 'never';

type Family = 'ipv4' | 'ipv6';

/** Networks as `10.0.0.0/8` or `fc00::/7`. */
export function blockList(...networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

/** IANA's registries of special-purpose addresses, and what clouds answer their machines at. */
const never4 = blockList(
  '0.0.0.0/8',
  '169.254.0.0/16',
  '168.63.129.16/32', // Azure's agent: looks public, and is only there from within
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
);
const inner4 = blockList(
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
);

const inner6 = blockList('::1/128', 'fc00::/7');
/** Everything else of IPv6 is mapped, translated, local to a link or a site, multicast or nobody's. */
const global6 = blockList('2000::/3');
/** In that block, and not hosts: protocols (Teredo among them), documentation, 6to4. */
const never6 = blockList('2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20');

/** Of an address as the resolver gives it. What is no address is `never`. */
export function addressKind(given: string): AddressKind {
  const address = withoutZone(given);
  if (isIP(address) === 4) {
    if (never4.check(address)) return 'never';
    return inner4.check(address) ? 'inner' : 'public';
  }
  if (isIP(address) !== 6) return 'never';
  if (inner6.check(address, 'ipv6')) return 'inner';
  return global6.check(address, 'ipv6') && !never6.check(address, 'ipv6') ? 'public' : 'never';
}

export function isListed(list: BlockList, given: string): boolean {
  const address = withoutZone(given);
  return isIP(address) !== 0 && list.check(address, familyOf(address));
}

/** `fe80::1%eth0` is on one of this machine's links, whatever the zone. */
function withoutZone(address: string): string {
  return address.split('%')[0] ?? '';
}

function familyOf(address: string): Family {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
