/**
 * `Content-Disposition` for a file of any name (RFC 6266): an ASCII name for old clients, in which nothing needs escaping, and the true
 * one as `filename*` (RFC 8187), which everybody else prefers.
 */
export function attachment(name: string): string {
  const ascii = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/g, '_')
    .replace(/["\\%]/g, '_');
  return ascii === name
    ? `attachment; filename="${name}"`
    : `attachment; filename="${ascii}"; filename*=UTF-8''${extended(name)}`;
}

/** attr-char stays, every other byte of the UTF-8 is written as %XX. */
function extended(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
