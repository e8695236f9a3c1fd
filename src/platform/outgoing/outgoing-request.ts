import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type { GuardedAgents } from './guarded-agents.ts';
import { OutgoingFailure, outgoingFailure } from './outgoing-failure.ts';

export interface OutgoingRequest {
  method: string;
  url: URL;
  headers?: Readonly<Record<string, string>>;
  /** Sent to the origin of `url` and to no other. */
  authorization?: string;
  body?: string | { bytes: Readable; byteSize: number };
  signal: AbortSignal;
}

export interface OutgoingAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** Read it to its end or destroy it. */
  body: http.IncomingMessage;
}

const maxRedirects = 3;
/** Without a byte in either direction. A server that lists a large folder may think that long. Milliseconds. */
const silenceMs = 60_000;
const redirectStatus = new Set([301, 302, 303, 307, 308]);
/** What asks may be asked elsewhere; what changes something may not. */
const movable = new Set(['GET', 'HEAD', 'OPTIONS', 'PROPFIND']);

/** One request, its redirects followed, each judged anew by the gate that the agents stand behind. Throws OutgoingFailure, or what the signal was aborted for. */
export async function sendOutgoing(agents: GuardedAgents, request: OutgoingRequest): Promise<OutgoingAnswer> {
  let { url } = request;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const authorization = url.origin === request.url.origin ? request.authorization : undefined;
    const answer = await sendOnce(agents, { ...request, url }, authorization);
    const { location } = answer.headers;
    if (!redirectStatus.has(answer.status) || location === undefined || !movable.has(request.method)) return answer;
    answer.body.destroy();
    const next = URL.parse(location, url.href);
    if (next === null || !/^https?:$/.test(next.protocol) || next.username !== '' || next.password !== '')
      throw new OutgoingFailure('bad_answer');
    url = next;
  }
  throw new OutgoingFailure('too_many_redirects');
}

async function sendOnce(
  agents: GuardedAgents,
  { body, headers, method, signal, url }: OutgoingRequest,
  authorization: string | undefined,
): Promise<OutgoingAnswer> {
  const isSecure = url.protocol === 'https:';
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body?.byteSize;
  const options: https.RequestOptions = {
    method,
    agent: isSecure ? agents.https : agents.http,
    signal,
    timeout: silenceMs,
    maxHeaderSize: 32 * 1024,
    headers: {
      'User-Agent': 'proofline',
      'Accept-Encoding': 'identity',
      ...headers,
      ...(length === undefined ? {} : { 'Content-Length': length }),
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    },
  };
  try {
    const outgoing = isSecure ? https.request(url, options) : http.request(url, options);
    outgoing.on('timeout', () => outgoing.destroy(new OutgoingFailure('timeout')));
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      outgoing.on('response', resolve);
      outgoing.on('error', reject);
      outgoing.on('close', () => reject(new OutgoingFailure('no_answer')));
    });
    if (body === undefined || typeof body === 'string') outgoing.end(body);
    // Whoever answers before the end has refused the rest: the answer counts, whatever becomes of the sending.
    else void pipeline(body.bytes, outgoing).catch((error: unknown) => outgoing.destroy(outgoingFailure(error)));
    const incoming = await answered;
    return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming };
  } catch (error) {
    signal.throwIfAborted();
    throw outgoingFailure(error);
  }
}

/** All of a short answer. Throws OutgoingFailure when it is longer. */
export async function readAnswer({ body }: OutgoingAnswer, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of body) {
      const bytes = part as Buffer; // no encoding was set, so parts are Buffers
      length += bytes.length;
      if (length > maxBytes) throw new OutgoingFailure('too_large');
      parts.push(bytes);
    }
    if (!body.complete) throw new OutgoingFailure('no_answer');
    return Buffer.concat(parts);
  } catch (error) {
    throw outgoingFailure(error);
  } finally {
    body.destroy();
  }
}

/** Reads and forgets what an answer still says, so that its connection may serve again; ends one that says too much. */
export async function dropAnswer({ body }: OutgoingAnswer): Promise<void> {
  let length = 0;
  body.on('data', (bytes: Buffer) => {
    length += bytes.length;
    if (length > 65_536) body.destroy();
  });
  await finished(body).catch(() => undefined);
}
