import { ProoflineApi } from '#client/api/api.ts';
import type { NewCheckin } from '#client/api/requests.ts';
import type { Fetch } from '#client/api/transport.ts';
import { isExposed } from '#recorder/credentials.ts';
import { type Credentials, type ServerSession, serverSession } from '#recorder/delivery/server-session.ts';
import type { RecordFlags } from '#recorder/record-flags.ts';
import type { Report } from '#recorder/recorder-event.ts';

/** How a recording is to be made and delivered, read from the command line. */
export interface Way {
  readonly flags: RecordFlags;
  /** A bad network on purpose. */
  readonly network: Fetch | undefined;
  readonly inFlight: number;
  readonly checkinFacts: () => Promise<NewCheckin>;
  /** Undefined: no network is touched. */
  readonly credentials: Credentials | undefined;
}

export function openSession(
  { credentials, flags, network }: Way,
  server = 'http://127.0.0.1:8080',
  report: Report,
): ServerSession | undefined {
  if (!credentials) return undefined;
  if (isExposed(server))
    report({
      event: 'notice',
      message: 'Warning: this address is http. Password and session can be read on the way; use https.',
    });
  const api = new ProoflineApi({ baseUrl: server, ...(network === undefined ? {} : { fetch: network }) });
  const fetch = network === undefined ? {} : { fetch: network };
  return serverSession(api, credentials, report, flags.relay === true ? { relay: fetch } : {});
}

interface Begun {
  readonly staging: { readonly folder: string; readonly state: { readonly key_file: string } };
  readonly resumed: boolean;
  readonly keyCreated: boolean;
  readonly keyIsOpen: boolean;
  readonly gap: boolean;
}

/** Where the recording is, and what has to be known of it. */
export function announce({ staging, resumed, keyCreated, keyIsOpen, gap }: Begun, report: Report): void {
  report({
    event: 'state',
    folder: staging.folder,
    key_file: staging.state.key_file,
    key_created: keyCreated,
    resumed,
  });
  if (keyIsOpen)
    report({
      event: 'notice',
      message: `Warning: others on this machine may read the key file. Run: chmod 600 ${staging.state.key_file}`,
    });
  if (gap)
    report({
      event: 'notice',
      message: 'The recording goes on now; what happened since it was interrupted is not in it.',
    });
}
