import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export type Behaviour = 'good' | 'down' | 'slow' | 'garbage' | 'empty' | 'huge' | 'redirecting' | 'another';

interface Signer {
  kid: string;
  alg: string;
  privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  jwk: JWK;
}

export interface TokenChanges {
  /** Undefined leaves a claim out. */
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  signer?: Signer;
}

/** An issuer with a discovery document and a set of keys, on a port of its own. It counts what it is asked, and can misbehave. */
export class TestIssuer {
  readonly url: string;
  readonly asked = { discovery: 0, keys: 0 };
  behaviour: Behaviour = 'good';
  /** What the discovery document says, and where nothing else is. */
  jwksUri: string;
  /** Published. */
  signers: Signer[] = [];
  readonly close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.jwksUri = `${url}/keys`;
    this.close = close;
  }

  static async start(): Promise<TestIssuer> {
    const server = createServer((request, response) => issuer.#answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // a TCP server that listens
    const issuer: TestIssuer = new TestIssuer(`http://127.0.0.1:${port}`, async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
    issuer.signers = [await newSigner('k1')];
    return issuer;
  }

  /** Good for five minutes, for the audience `proofline`, unless changed. */
  async token({ claims = {}, header = {}, signer = this.signers[0] }: TokenChanges = {}): Promise<string> {
    if (signer === undefined) throw new Error('there is no signer');
    const now = Math.floor(Date.now() / 1000);
    const standard = { iss: this.url, aud: 'proofline', sub: 'ci', iat: now, nbf: now, exp: now + 300 };
    const payload = Object.fromEntries(
      Object.entries({ ...standard, ...claims }).filter(([, value]) => value !== undefined),
    );
    return await new SignJWT(payload)
      .setProtectedHeader({ alg: signer.alg, kid: signer.kid, typ: 'JWT', ...header })
      .sign(signer.privateKey);
  }

  #answer({ url }: IncomingMessage, response: ServerResponse): void {
    const isDiscovery = url === '/.well-known/openid-configuration';
    this.asked[isDiscovery ? 'discovery' : 'keys'] += 1;
    const good = JSON.stringify(
      isDiscovery
        ? { issuer: this.behaviour === 'another' ? 'https://id.example.org' : this.url, jwks_uri: this.jwksUri }
        : { keys: this.signers.map(({ jwk }) => jwk) },
    );
    if (!isDiscovery && !`${this.url}${url}`.startsWith(this.jwksUri)) {
      response.writeHead(404).end();
      return;
    }
    switch (this.behaviour) {
      case 'down':
        response.writeHead(503).end(good);
        return;
      case 'slow':
        return;
      case 'garbage':
        response.end('<html>Sign in</html>');
        return;
      case 'empty':
        response.end('{}');
        return;
      case 'huge':
        response.end(`${good.slice(0, -1)},"more":"${'x'.repeat(400_000)}"}`);
        return;
      case 'redirecting':
        // Where it leads, a good answer waits.
        if (url?.endsWith('?moved') === true) response.end(good);
        else response.writeHead(302, { Location: `${url}?moved` }).end();
        return;
      default:
        response.end(good);
    }
  }
}

export async function newSigner(kid: string, alg = 'RS256'): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}
