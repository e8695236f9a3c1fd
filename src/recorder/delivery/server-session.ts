import type { ProoflineApi } from '#client/api/api.ts';
import { type PersistOptions, persist } from '#client/upload/persist.ts';
import { codeOf, type Report } from '../recorder-event.ts';

/** A session token made elsewhere, or a name and password to sign in with, again if the session runs out meanwhile. */
export type Credentials = { readonly token: string } | { readonly username: string; readonly password: string };

export interface ServerSession {
  readonly api: ProoflineApi;
  /** Signs in again; false when that cannot help. Several callers at once cause one sign-in. */
  readonly reauthenticate: (signal?: AbortSignal) => Promise<boolean>;
  /** Repeats a safe call until the server has answered it, telling the person why it takes long. */
  readonly persist: <T>(doing: string, act: (attempt: number) => Promise<T>, signal: AbortSignal) => Promise<T>;
  /** Ends the session if it was begun here. */
  readonly leave: () => Promise<void>;
}

export function serverSession(
  api: ProoflineApi,
  credentials: Credentials,
  report: Report,
  pace: Pick<PersistOptions, 'random' | 'sleep' | 'baseMs' | 'maxMs'> = {},
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

  return {
    api,
    reauthenticate,
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
