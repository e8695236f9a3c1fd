/** The two cookies of the admin pages: the session after sign-in, and before it one that binds the sign-in form to its browser. */
export type CookieName = 'session' | 'form';

/**
 * With the prefix, browsers refuse the cookie from anything but https, so a plain-http neighbour cannot plant one. It can only be used
 * where the browser came by https.
 */
function nameOf(name: CookieName, secure: boolean): string {
  return `${secure ? '__Secure-' : ''}proofline_admin_${name}`;
}

export function readCookie(header: string | undefined, name: CookieName, secure: boolean): string | undefined {
  const wanted = `${nameOf(name, secure)}=`;
  const pair = header?.split(';').find((part) => part.trim().startsWith(wanted));
  const value = pair?.trim().slice(wanted.length);
  return value !== undefined && /^[A-Za-z0-9_-]{20,128}$/.test(value) ? value : undefined;
}

/** Without an age the cookie ends with the browser; an age of 0 removes it. Seconds. */
export function cookie(name: CookieName, value: string, options: { secure: boolean; maxAge?: number }): string {
  const age = options.maxAge === undefined ? '' : `; Max-Age=${options.maxAge}`;
  return `${nameOf(name, options.secure)}=${value}; Path=/admin; HttpOnly; SameSite=Strict${options.secure ? '; Secure' : ''}${age}`;
}
