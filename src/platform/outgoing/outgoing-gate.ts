import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { type AddressKind, addressKind, isListed } from './address-rules.ts';
import type { AllowedHosts } from './allowed-hosts.ts';
import { OutgoingFailure, outgoingFailure } from './outgoing-failure.ts';

export interface ResolvedAddress {
  address: string;
  family: number;
}

/** Every address that a name has now. */
export type Resolve = (hostname: string) => Promise<ResolvedAddress[]>;

const systemResolve: Resolve = (hostname) => systemLookup(hostname, { all: true, verbatim: true });

/**
 * Decides where requests may go: by the addresses that a host has in the moment of connecting, never by how it is spelt. Whoever
 * connects gets the very addresses that were judged.
 */
export class OutgoingGate {
  readonly #allowed: AllowedHosts;
  readonly #resolve: Resolve;

  constructor(allowed: AllowedHosts, resolve: Resolve = systemResolve) {
    this.#allowed = allowed;
    this.#resolve = resolve;
  }

  /** Throws OutgoingFailure when there is no address or any of them is refused. */
  judge(hostname: string, addresses: readonly string[], isSecure: boolean): void {
    if (addresses.length === 0) throw new OutgoingFailure('unknown_host');
    const isNamed = this.#allowed.names.has(hostname.toLowerCase().replace(/\.$/, ''));
    const others = addresses.filter((address) => !isListed(this.#allowed.networks, address));
    // A name lets in what may be a server of the operator's; metadata services and the like need their network named.
    const isRefused = (kind: AddressKind) => kind === 'never' || (kind === 'inner' && !isNamed);
    if (others.some((address) => isRefused(addressKind(address)))) throw new OutgoingFailure('address_refused');
    if (!isSecure && !isNamed && others.length > 0) throw new OutgoingFailure('insecure');
  }

  /** Node asks no resolver for an address, so it has to be judged by itself. Undefined for a name, and for what is not refused. */
  refusalOf(host: string, isSecure: boolean): OutgoingFailure | undefined {
    const address = host.replace(/^\[(.*)\]$/, '$1');
    if (isIP(address) === 0) return undefined;
    try {
      this.judge(address, [address], isSecure);
      return undefined;
    } catch (error) {
      return outgoingFailure(error);
    }
  }

  /** In place of the resolver's, for `connect`. */
  lookup(isSecure: boolean): LookupFunction {
    return (hostname, options, callback) => {
      this.#judged(hostname, isSecure).then(
        (found) => {
          const usable = found.filter(({ family }) => [0, undefined, family].includes(Number(options.family ?? 0)));
          const [first] = usable;
          if (first === undefined) callback(new OutgoingFailure('unknown_host'), '', 0);
          else if (options.all === true) callback(null, usable);
          else callback(null, first.address, first.family);
        },
        (error: unknown) => callback(error instanceof Error ? error : new OutgoingFailure('unknown_host'), '', 0),
      );
    };
  }

  async #judged(hostname: string, isSecure: boolean): Promise<ResolvedAddress[]> {
    const found = await this.#resolve(hostname);
    this.judge(
      hostname,
      found.map(({ address }) => address),
      isSecure,
    );
    return found;
  }
}
