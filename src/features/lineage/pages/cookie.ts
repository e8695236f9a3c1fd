/** The reader's own token, for these pages and until the browser is closed. */
const name = 'lineage_token';

export function tokenCookie(token: string, secure: boolean): string {
  return `${name}=${encodeURIComponent(token)}; ${attributes(secure)}`;
}

export function noCookie(secure: boolean): string {
  return `${name}=; Max-Age=0; ${attributes(secure)}`;
}

function attributes(secure: boolean): string {
  return `Path=/lineage; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
}

export function cookieToken(headers: Headers): string | undefined {
  const pair = headers
    .get('cookie')
    ?.split(';')
    .map((one) => one.trim())
    .find((one) => one.startsWith(`${name}=`));
  try {
    return pair === undefined ? undefined : decodeURIComponent(pair.slice(name.length + 1));
  } catch {
    return undefined;
  }
}

/** The headers by which an identity knows the reader: a token in the cookie stands for one in `Authorization`. */
export function withCookieToken(headers: Headers): Headers {
  const token = cookieToken(headers);
  if (token === undefined || headers.has('authorization')) return headers;
  const own = new Headers(headers);
  own.set('authorization', `Bearer ${token}`);
  return own;
}

/** Does this POST come from a page of ours? Browsers say so in Sec-Fetch-Site; over plain http on a network `Origin` has to do. */
export function isOwnForm(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site === 'same-origin';
  const origin = headers.get('origin');
  return origin !== null && URL.parse(origin)?.host === headers.get('host');
}
