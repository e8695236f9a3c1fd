import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export interface RelayKey {
  relay: string;
  kid: string;
  publicJwk: JWK;
  privateJwk: JWK;
  /** A good assertion, or one with something else in it. Seconds. */
  assertion(claims?: Partial<Record<'iss' | 'aud' | 'jti', string>> & { age?: number; life?: number }): Promise<string>;
}

export async function newRelayKey(relay: string, kid: string = randomUUID()): Promise<RelayKey> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const named = { kid, relay };
  return {
    relay,
    kid,
    publicJwk: { ...(await exportJWK(publicKey)), ...named },
    privateJwk: { ...(await exportJWK(privateKey)), ...named },
    async assertion({ iss = relay, aud = 'proofline-core', jti = randomUUID(), age = 0, life = 30 } = {}) {
      const at = Math.floor(Date.now() / 1000) - age;
      return await new SignJWT({ jti })
        .setProtectedHeader({ alg: 'EdDSA', kid })
        .setIssuer(iss)
        .setAudience(aud)
        .setIssuedAt(at)
        .setExpirationTime(at + life)
        .sign(privateKey);
    },
  };
}

export function writeKeySet(path: string, keys: readonly RelayKey[]): void {
  writeFileSync(path, JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) }));
}
