import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { newId } from '#kit/ids.ts';
import { sha256 } from '../../support/api.ts';
import { startServer, type TestServer } from '../../support/server.ts';

export const staticToken = 'a token for tests that is long enough';

export interface RelayOptions {
  folder: string;
  coreUrl: string;
  env?: Record<string, string>;
  /** Put before the node binary. */
  wrapper?: readonly string[];
}

/** A real `proofline relay` on a free port. */
export async function startRelay({ folder, coreUrl, env = {}, wrapper = [] }: RelayOptions): Promise<TestServer> {
  return await startServer({
    dataDir: folder,
    command: ['relay'],
    wrapper,
    env: {
      SAFE_RELAY_CORE_URL: coreUrl,
      SAFE_RELAY_STATIC_TOKEN: staticToken,
      SAFE_RELAY_STAGING_DIR: join(folder, 'relay'),
      ...env,
    },
  });
}

export interface Upload {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

export interface UploadWish {
  incidentId?: string;
  streamId?: string;
  index?: number;
  body?: Buffer;
  capability?: string;
  headers?: Record<string, string>;
}

/** A PUT that is right in every word, unless the wish says otherwise. */
export function upload(wish: UploadWish = {}): Upload {
  const body = wish.body ?? randomBytes(1000);
  const [incident, stream] = [wish.incidentId ?? newId('inc'), wish.streamId ?? newId('str')];
  return {
    path: `/relay/v1/incidents/${incident}/streams/${stream}/chunks/${wish.index ?? 1}`,
    body,
    headers: {
      authorization: `Bearer ${wish.capability ?? randomBytes(32).toString('base64url')}`,
      'repr-digest': `sha-256=:${sha256(body).toString('base64')}:`,
      'proofline-started-at': '2026-01-01T00:00:00Z',
      'proofline-ended-at': '2026-01-01T00:00:02Z',
      ...wish.headers,
    },
  };
}

export interface Answer {
  status: number;
  code: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: the JSON of an answer, looked into by tests
  body: any;
  headers: Headers;
}

export async function send(url: string, { path, headers, body }: Upload): Promise<Answer> {
  const response = await fetch(url + path, { method: 'PUT', headers, body: new Uint8Array(body) });
  const answer = JSON.parse(await response.text());
  return { status: response.status, code: answer.error?.code, body: answer, headers: response.headers };
}
