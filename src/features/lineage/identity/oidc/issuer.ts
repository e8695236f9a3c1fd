/** Signatures with a public key alone: no secret that a token could be forged with is ever here. */
export const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
export type Algorithm = (typeof algorithms)[number];

/** Whose tokens are trusted, and what exactly they must be. */
export interface Issuer {
  /** Also the first word of its subjects. The tokens of `access` come in a header of their own. */
  readonly kind: 'github' | 'access' | 'issuer';
  /** Exactly the `iss` of its tokens. */
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly Algorithm[];
  /** Where its keys are. Absent: where its discovery document says. */
  readonly jwksUrl?: string;
  /** From `iat` to `exp`, where longer ones are refused. */
  readonly longestLifetimeSeconds?: number;
}

export function githubIssuer(issuer: string, audience: string): Issuer {
  return { kind: 'github', issuer, audience, algorithms: ['RS256'] };
}

/** `audience` is the AUD tag of the Access application. */
export function accessIssuer(teamDomain: string, audience: string): Issuer {
  const issuer = `https://${teamDomain}`;
  return { kind: 'access', issuer, audience, algorithms: ['RS256'], jwksUrl: `${issuer}/cdn-cgi/access/certs` };
}

export interface OwnIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly Algorithm[];
  readonly jwksUrl?: string;
}

/** Tokens of one day at most: they cannot be called back. */
export function ownIssuer(own: OwnIssuer): Issuer {
  return { kind: 'issuer', ...own, longestLifetimeSeconds: 86_400 };
}

/** "Scheme, host, and optionally, port number and path components and no query or fragment" (OpenID Connect Core 1.0, section 2). */
export function isIssuerUrl(text: string): boolean {
  return isSafeUrl(text) && !text.includes('?');
}

/** What may be fetched: by https, or by plain http within this machine. */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { hostname, password, protocol, username } = new URL(text);
  if (username !== '' || password !== '' || text.includes('#')) return false;
  return protocol === 'https:' || (protocol === 'http:' && isLocal(hostname));
}

function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
