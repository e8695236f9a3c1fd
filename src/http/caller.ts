import type { HttpContext } from './route.ts';

/** Who is asking. `http/` declares this port, accounts implements it, compose joins them. */
export interface Caller {
  accountId: string;
  username: string;
  role: 'user' | 'admin';
  sessionId: string;
}

export interface CallerIdentifier {
  /**
   * The holder of a session token, or undefined when it is missing, wrong, expired or revoked: nobody outside can tell which.
   * Throws setup_required while no administrator exists.
   */
  identify(token: string | undefined): Promise<Caller | undefined>;
}

/** Knows callers by the cookies of their browser. Only a server that browsers sign in to has one. */
export interface BrowserIdentifier {
  /**
   * The holder of the session in the cookie, or undefined where there is none that is good. Throws csrf_failed when something is to be
   * changed and the request is not known to come from a page of this server; setup_required as above.
   */
  identify(c: HttpContext): Promise<Caller | undefined>;
}

/** The token of `Authorization: Bearer …`; undefined for any other scheme or shape. */
export function bearerToken(header: string | undefined): string | undefined {
  const match = header === undefined ? null : /^Bearer ([A-Za-z0-9._~+/-]{1,512}=*)$/i.exec(header);
  return match?.[1];
}
