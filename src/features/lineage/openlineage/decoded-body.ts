import { Problem } from '#kit/errors.ts';

/**
 * The body as it was before its sender compressed it, at most so many bytes: emitters may send gzip. Throws invalid_request,
 * request_too_large.
 */
export async function decodedBody(
  body: Uint8Array<ArrayBuffer>,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const named = encoding?.trim().toLowerCase() ?? '';
  if (named === '' || named === 'identity') return body;
  if (named !== 'gzip') throw new Problem('invalid_request', { message: 'Content-Encoding must be gzip or absent.' });
  const parts: Uint8Array[] = [];
  let size = 0;
  const unzipped = new Blob([body]).stream().pipeThrough(new DecompressionStream('gzip'));
  try {
    for await (const part of unzipped) {
      size += part.length;
      if (size > maxBytes) throw new Problem('request_too_large');
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('invalid_request', { message: 'The body is not gzip.', cause: error });
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
