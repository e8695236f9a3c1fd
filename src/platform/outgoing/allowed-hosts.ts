import { type BlockList, isIP } from 'node:net';
import { blockList } from './address-rules.ts';

/** Where the operator lets requests go that would be refused otherwise. */
export interface AllowedHosts {
  /** Lower case, without a dot at the end. */
  readonly names: ReadonlySet<string>;
  readonly networks: BlockList;
}

const name = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/;

/** Names, addresses and networks, separated by commas. Undefined when one of them is none of these. */
export function parseAllowedHosts(text: string): AllowedHosts | undefined {
  const names = new Set<string>();
  const networks: string[] = [];
  for (const word of text.split(',').map((part) => part.trim().toLowerCase())) {
    if (word === '') continue;
    const network = networkOf(word);
    if (network !== undefined) networks.push(network);
    // What ends in a number is an address in some spelling, and must be written as one.
    else if (name.test(word) && !/(^|\.)(\d+|0x[0-9a-f]*)$/.test(word)) names.add(word);
    else return undefined;
  }
  return { names, networks: blockList(...networks) };
}

function networkOf(word: string): string | undefined {
  const [address = '', prefix, ...rest] = word.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0) return undefined;
  if (prefix === undefined) return `${address}/${bits}`;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits ? `${address}/${prefix}` : undefined;
}
