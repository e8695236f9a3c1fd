import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from 'jose';
import { z } from 'zod';
import { fetchJson, IssuerUnreachable } from './fetch-json.ts';

/** The public keys of an issuer at one time. */
export interface Keys {
  has(kid: string): boolean;
  /** Finds the one key that fits a header; of jose, which throws when none or several do. */
  readonly find: LocalJWKSet;
}

const discoveryShape = z.object({ issuer: z.string(), jwks_uri: z.string() });
const keySetShape = z.object({
  keys: z
    .array(z.looseObject({ kty: z.string(), kid: z.string().optional() }))
    .min(1)
    .max(100),
});

/** Where the keys of an issuer are, by its own word. Throws IssuerUnreachable. */
export async function discoverKeys(issuer: string, signal: AbortSignal): Promise<string> {
  return keysAddress(issuer, await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal));
}

/** What a discovery document says (OpenID Connect Discovery 1.0, section 4). Throws IssuerUnreachable. */
export function keysAddress(issuer: string, document: unknown): string {
  const found = discoveryShape.safeParse(document);
  if (!found.success) throw new IssuerUnreachable('its discovery document does not say where its keys are');
  const { issuer: named, jwks_uri: url } = found.data;
  // "MUST exactly match", or the document is somebody else's.
  if (named !== issuer) throw new IssuerUnreachable('its discovery document is that of another issuer');
  if (new URL(issuer).protocol === 'https:' && !/^https:/i.test(url))
    throw new IssuerUnreachable('its discovery document leads away from https');
  return url;
}

/** Throws IssuerUnreachable. */
export async function fetchKeys(url: string, signal: AbortSignal): Promise<Keys> {
  const found = keySetShape.safeParse(await fetchJson(url, signal));
  if (!found.success) throw new IssuerUnreachable('its answer is no set of keys');
  const { keys } = found.data;
  const kids = new Set(keys.map(({ kid }) => kid));
  return { has: (kid) => kids.has(kid), find: createLocalJWKSet({ keys } as JSONWebKeySet) }; // jose looks at the rest of each key when it is used
}
