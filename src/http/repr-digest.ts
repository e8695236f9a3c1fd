/** `sha-256=:base64:` of RFC 9530, as lower-case hexadecimal. Other algorithms beside it are ignored, as the RFC asks. */
export function parseReprDigest(header: string | string[] | undefined): string | undefined {
  const value = Array.isArray(header) ? header.join(',') : (header ?? '');
  const match = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/i.exec(value);
  return match?.[1] === undefined ? undefined : Buffer.from(match[1], 'base64').toString('hex');
}
