/** GitHub's tokens are 2 KiB, and one with a few hundred groups still fits. */
const longestToken = 16_384;

/** The token of `Authorization: Bearer …`; undefined for every other scheme, and where two such headers came. */
export function bearerOf(headers: Headers): string | undefined {
  const token = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.get('authorization') ?? '')?.[1];
  return token === undefined || token.length > longestToken ? undefined : token;
}

/** What Cloudflare Access puts on each request that it lets through. */
export function accessAssertionOf(headers: Headers): string | undefined {
  const token = headers.get('cf-access-jwt-assertion') ?? '';
  return token === '' || token.length > longestToken ? undefined : token;
}

/** Sent by a page of another site. It has no token, but what stands in for one (a cookie, this machine) goes along with its requests. */
export function isForeignPage(headers: Headers): boolean {
  return headers.has('origin') && headers.get('sec-fetch-site') !== 'same-origin';
}
