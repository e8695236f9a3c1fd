import { createHash } from 'node:crypto';
import { adminPassword } from './server.ts';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the server says
  body: any;
}

export interface Api {
  url: string;
  token: string;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  putChunk(
    incidentId: string,
    streamId: string,
    index: number,
    bytes: Uint8Array,
    options?: PutOptions,
  ): Promise<Answer>;
}

export interface PutOptions {
  key?: string;
  startedAt?: string;
  endedAt?: string;
  /** Instead of the true one. */
  digest?: string;
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** JSON calls against a running server, without anything of our own client library in between. */
export function api(url: string, token = ''): Api {
  const authorization: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` };
  const read = async (response: Response): Promise<Answer> => {
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  return {
    url,
    token,
    async call(method, path, body, headers = {}) {
      return await read(
        await fetch(`${url}${path}`, {
          method,
          headers: { ...authorization, ...headers },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        }),
      );
    },
    async putChunk(incidentId, streamId, index, bytes, options = {}) {
      return await read(
        await fetch(`${url}/v1/incidents/${incidentId}/streams/${streamId}/chunks/${index}`, {
          method: 'PUT',
          headers: {
            ...authorization,
            'repr-digest': `sha-256=:${options.digest ?? sha256(bytes).toString('base64')}:`,
            'proofline-started-at': options.startedAt ?? '2026-01-01T00:00:00Z',
            'proofline-ended-at': options.endedAt ?? '2026-01-01T00:00:02Z',
            ...(options.key === undefined ? {} : { 'idempotency-key': options.key }),
          },
          body: bytes as Uint8Array<ArrayBuffer>,
        }),
      );
    },
  };
}

/** Signs in, with the password that createAccount of the test support gives to everybody. */
export async function signIn(url: string, username: string): Promise<Api> {
  const answer = await api(url).call('POST', '/v1/auth/login', { username, password: adminPassword });
  if (answer.status !== 201) throw new Error(`sign-in answered ${answer.status}`);
  return api(url, answer.body.token);
}

export async function openIncident(as: Api): Promise<string> {
  return (await as.call('POST', '/v1/incidents', {})).body.incident_id;
}

export async function openStream(as: Api, incidentId: string, mediaType = 'video'): Promise<string> {
  return (await as.call('POST', `/v1/incidents/${incidentId}/streams`, { media_type: mediaType })).body.stream.id;
}
