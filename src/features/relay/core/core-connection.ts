import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';

/** Of an answer; a core's own are far smaller. Bytes. */
const longestAnswer = 256 * 1024;

export interface CoreRequest {
  method: 'POST' | 'PUT';
  path: string;
  headers: Record<string, string>;
  body: { bytes: Buffer } | { byteSize: number; pieces: AsyncIterable<Buffer> };
  /** All of it, to the end of the answer. Milliseconds. */
  deadlineMs: number;
}

export interface CoreReply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface CoreAddress {
  url: URL;
  /** PEM. */
  ca?: string;
  /** Neither a byte sent nor one received for so long ends a request. */
  silenceMs: number;
  sockets: number;
}

/** No answer came, or none that can be believed: nobody knows what the core did. */
export class CoreUnreachable extends Error {
  /** The request went out on a connection that had been idle and was closed at the other end, so it was not looked at. */
  readonly stale: boolean;

  constructor(reason: string, stale = false) {
    super(reason);
    this.name = 'CoreUnreachable';
    this.stale = stale;
  }
}

/** One core, over connections that are kept. Redirects are answers like any other; nothing is tried twice here. */
export class CoreConnection {
  readonly #address: CoreAddress;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(address: CoreAddress) {
    this.#address = address;
    const options = { keepAlive: true, maxSockets: address.sockets, scheduling: 'lifo' as const };
    this.#agent =
      address.url.protocol === 'https:'
        ? new HttpsAgent({ ...options, ...(address.ca === undefined ? {} : { ca: address.ca }) })
        : new HttpAgent(options);
  }

  /** Rejects with CoreUnreachable, whatever it was. */
  send({ method, path, headers, body, deadlineMs }: CoreRequest): Promise<CoreReply> {
    const { url, silenceMs } = this.#address;
    const byteSize = 'bytes' in body ? body.bytes.length : body.byteSize;
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? requestHttps : requestHttp)({
        protocol: url.protocol,
        // Node wants an IPv6 address without its brackets.
        hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: url.port,
        method,
        path,
        headers: { ...headers, 'content-length': byteSize },
        agent: this.#agent,
        timeout: silenceMs,
      });
      const deadline = setTimeout(() => fail('deadline'), deadlineMs);
      let settled = false;
      const settle = (act: () => void) => {
        if (settled) return;
        settled = true;
        clearTimeout(deadline);
        act();
      };
      const fail = (reason: string, stale = false) =>
        settle(() => {
          request.destroy();
          reject(new CoreUnreachable(reason, stale));
        });
      request.on('timeout', () => {
        fail('silence');
        // Also where the answer is here and the rest of the body is not taken.
        request.destroy();
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        const reset = error.code === 'ECONNRESET' || error.code === 'EPIPE';
        fail(error.code ?? error.name, reset && request.reusedSocket);
      });
      request.on('response', (response) => {
        readAnswer(response).then(
          (text) =>
            settle(() => {
              // Not `writableFinished`: the core may answer the last byte before this process hears that it is gone.
              const sent = request.writableEnded;
              // An answer may come before the body is sent; the rest of it is nobody's then.
              if (!sent) request.destroy();
              const status = response.statusCode ?? 0;
              // A yes to a body that was not sent is none.
              if (!sent && status < 300) reject(new CoreUnreachable('answered before the body'));
              else resolve({ status, headers: response.headers, text });
            }),
          () => fail('answer broken off'),
        );
      });
      if ('bytes' in body) request.end(body.bytes);
      else pump(body.pieces, byteSize, request).catch(() => fail('the staged bytes cannot be read'));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Ends the request with its last byte, not when the source says that there is no more: that may be after the answer. */
async function pump(
  pieces: AsyncIterable<Buffer>,
  byteSize: number,
  request: ReturnType<typeof requestHttp>,
): Promise<void> {
  let left = byteSize;
  for await (const piece of pieces) {
    if (request.destroyed) return;
    left -= piece.length;
    if (left <= 0) {
      request.end(piece);
      return;
    }
    if (!request.write(piece)) await drained(request);
  }
  if (left > 0) throw new Error('fewer bytes than were staged');
  request.end();
}

function drained(request: ReturnType<typeof requestHttp>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      request.off('drain', done).off('close', done);
      resolve();
    };
    request.on('drain', done).on('close', done);
  });
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of response.setEncoding('utf8')) {
    text += piece;
    if (text.length > longestAnswer) throw new Error('too long');
  }
  return text;
}
