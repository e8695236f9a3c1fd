import assert from 'node:assert/strict';
import type { Answer, Client } from './client.ts';
import { password } from './world.ts';

/** As a browser does it, without one: keeps cookies, names its origin, sends the CSRF token. */
export class SignedInBrowser {
  readonly #nobody: Client;
  readonly cookies = new Map<string, string>();
  csrfToken = '';

  constructor(nobody: Client) {
    this.#nobody = nobody;
  }

  async signIn(username: string, secret = password): Promise<Answer> {
    const answer = await this.call('POST', '/v1/auth/browser/login', { username, password: secret });
    if (answer.status === 201) this.csrfToken = answer.body.csrf_token;
    return answer;
  }

  /** A header given as empty is left out. */
  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const all: Record<string, string> = {
      origin: this.#nobody.url,
      cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      'x-csrf-token': this.csrfToken,
      ...headers,
    };
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
    const answer = await this.#nobody.call(method, path, body, given);
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = cookie.split('; ');
      const [name = '', value = ''] = pair.split('=');
      if (attributes.includes('Max-Age=0')) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  get = (path: string) => this.call('GET', path);
  post = (path: string, body?: unknown, headers?: Record<string, string>) => this.call('POST', path, body, headers);

  refresh = () => this.post('/v1/auth/refresh', undefined, { 'x-csrf-token': '' });

  /** Another browser with the same cookies, at the same node or another one: a second tab, or a thief. */
  copy(nobody = this.#nobody): SignedInBrowser {
    const other = new SignedInBrowser(nobody);
    other.take(this);
    return other;
  }

  take({ cookies, csrfToken }: SignedInBrowser): void {
    for (const [name, value] of cookies) this.cookies.set(name, value);
    this.csrfToken = csrfToken;
  }

  cookie(name: 'session' | 'refresh' | 'device'): string {
    const value = this.cookies.get(`__Host-proofline_${name}`);
    assert.ok(value, `the cookie ${name} is there`);
    return value;
  }
}
