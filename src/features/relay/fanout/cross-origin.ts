import type { HttpObserver } from '#http/observer.ts';

const livePath = /^\/relay\/v1\/.+\/live(\/[^/]*)?$/;

/**
 * Lets pages of these origins read along: they send the capability in a header of their own, so their browser asks first (OPTIONS). Set on
 * the raw response, refusals included, or the page could not tell them apart.
 */
export function allowOrigins(origins: readonly string[]): HttpObserver {
  return (incoming, outgoing) => {
    if (!livePath.test((incoming.url ?? '').split('?')[0] ?? '')) return;
    outgoing.setHeader('Vary', 'Origin');
    const { origin } = incoming.headers;
    if (origin === undefined || !origins.includes(origin)) return;
    outgoing.setHeader('Access-Control-Allow-Origin', origin);
    outgoing.setHeader(
      'Access-Control-Expose-Headers',
      'Proofline-Chunk-State, Repr-Digest, Retry-After, X-Request-Id',
    );
    if (incoming.method !== 'OPTIONS') return;
    outgoing.setHeader('Access-Control-Allow-Methods', 'GET');
    outgoing.setHeader('Access-Control-Allow-Headers', 'Authorization, Last-Event-ID');
    outgoing.setHeader('Access-Control-Max-Age', '600');
  };
}
