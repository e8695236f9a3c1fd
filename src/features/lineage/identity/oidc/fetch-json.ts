import { isSafeUrl } from './issuer.ts';

/** A set of keys has some kilobytes. */
const longestAnswer = 262_144;

/** Nothing in it but words of ours, addresses that the operator or the issuer gave, and what the system says about the connection. */
export class IssuerUnreachable extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'IssuerUnreachable';
  }
}

/** The JSON at an address, from there and nowhere else: a redirect is no answer. Throws IssuerUnreachable. */
export async function fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
  if (!isSafeUrl(url)) throw new IssuerUnreachable('its address is neither https nor within this machine');
  try {
    // Not `error`: Workers have no such mode.
    const response = await fetch(url, { redirect: 'manual', signal, headers: { Accept: 'application/json' } });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new IssuerUnreachable(`it answered with status ${response.status}`);
    }
    return JSON.parse(await limitedText(response));
  } catch (cause) {
    if (cause instanceof IssuerUnreachable) throw cause;
    if (cause instanceof SyntaxError) throw new IssuerUnreachable('its answer is not JSON');
    throw new IssuerUnreachable('it cannot be reached, or does not answer in time', { cause });
  }
}

/** Counts what arrives, after it was decompressed, and believes no Content-Length. */
async function limitedText(response: Response): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let length = 0;
  for await (const bytes of response.body ?? []) {
    length += bytes.length;
    if (length > longestAnswer) throw new IssuerUnreachable('its answer is too long');
    text += decoder.decode(bytes, { stream: true });
  }
  return text + decoder.decode();
}
