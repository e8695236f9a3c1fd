import type { ProoflineApi } from '#client/api/api.ts';
import type { Fetch } from '#client/api/transport.ts';
import { type RelayEvent, RelayUploads } from '#client/relay/relay-uploads.ts';
import { type PersistOptions, persist } from '#client/upload/persist.ts';
import { codeOf, type Report } from '../recorder-event.ts';
import type { Destination } from './deliver-chunk.ts';

/** A session token made elsewhere, or a name and password to sign in with, again if the session runs out meanwhile. */
export type Credentials = { readonly token: string } | { readonly username: string; readonly password: string };

export interface ServerSession {
  readonly api: ProoflineApi;
  /** Signs in again; false when that cannot help. Several callers at once cause one sign-in. */
  readonly reauthenticate: (signal?: AbortSignal) => Promise<boolean>;
  /** Repeats a safe call until the server has answered it, telling the person why it takes long. */
  readonly persist: <T>(doing: string, act: (attempt: number) => Promise<T>, signal: AbortSignal) => Promise<T>;
  /** Where the chunks of a stream go: to the server, or through its relay. */
  readonly destination: (incidentId: string, streamId: string) => Destination;
  /** Ends the session if it was begun here. */
  readonly leave: () => Promise<void>;
}

export interface SessionOptions extends Pick<PersistOptions, 'random' | 'sleep' | 'baseMs' | 'maxMs'> {
  /** Chunks go through the relay that the server names, and past it while it does not answer. */
  readonly relay?: { readonly fetch?: Fetch };
}

export function serverSession(
  api: ProoflineApi,
  credentials: Credentials,
  report: Report,
  { relay, ...pace }: SessionOptions = {},
): ServerSession {
  let signingIn: Promise<boolean> | undefined;
  if ('token' in credentials) api.useToken(credentials.token);

  const reauthenticate = async (signal?: AbortSignal): Promise<boolean> => {
    if ('token' in credentials) return false;
    signingIn ??= api
      .login(credentials.username, credentials.password, { signal })
      .then(() => true)
      .finally(() => {
        signingIn = undefined;
      });
    return signingIn;
  };

  const relayed = new Map<string, RelayUploads>();
  let said = '';
  const sayOnce = (event: RelayEvent) => {
    // Every stream finds out by itself.
    if (event.event === said) return;
    said = event.event;
    report(relayEvent(event));
  };
  const throughRelay = (incidentId: string, streamId: string, options: { fetch?: Fetch }) => {
    const uploads =
      relayed.get(streamId) ?? new RelayUploads({ core: api, incidentId, streamId, report: sayOnce, ...options });
    relayed.set(streamId, uploads);
    return uploads;
  };

  return {
    api,
    reauthenticate,
    destination: (incidentId, streamId) =>
      relay === undefined
        ? { api, reauthenticate }
        : { api: throughRelay(incidentId, streamId, relay), reauthenticate },
    persist: (doing, act, signal) =>
      persist(act, {
        ...pace,
        signal,
        reauthenticate,
        onRetry: ({ waitMs, error }) =>
          report({ event: 'waiting', doing, wait_ms: waitMs, code: codeOf(error), reason: error.message }),
      }),
    leave: async () => {
      // Best effort: a session left behind expires by itself.
      if ('username' in credentials && api.hasToken) await api.logout({ timeoutMs: 3000 }).catch(() => undefined);
    },
  };
}

function relayEvent(event: RelayEvent): Parameters<Report>[0] {
  switch (event.event) {
    case 'relay_used':
      return { event: 'relay', state: 'used', relay_url: event.relayUrl };
    case 'relay_away':
      return { event: 'relay', state: 'away', reason: event.reason, again_in_ms: event.againInMs };
    case 'relay_none':
      return { event: 'relay', state: 'none' };
  }
}
