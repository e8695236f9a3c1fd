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

/** The token of `Authorization: Bearer …`; undefined for any other scheme or shape. */
export function bearerToken(header: string | undefined): string | undefined {
  const match = header === undefined ? null : /^Bearer ([A-Za-z0-9._~+/-]{1,512}=*)$/i.exec(header);
  return match?.[1];
}
