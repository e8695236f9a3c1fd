import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { type Log, requestScope } from '#platform/process/log.ts';
import type { Address } from '#platform/process/setting.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import type { App } from './app.ts';
import { watchPace } from './body-pace.ts';
import { drainAfterAnswer } from './drain.ts';
import type { HttpObserver } from './observer.ts';
import type { Peers } from './peers.ts';
import { hashPeer } from './rate-limits.ts';
import { problem, problemBody } from './reply.ts';

export interface ListenerOptions {
  name: string;
  addresses: readonly Address[];
  app: App;
  peers: Peers;
  observer: HttpObserver;
  log: Log;
}

export interface Listener {
  readonly addresses: readonly AddressInfo[];
  /** Stops accepting, lets running requests finish until the deadline, then cuts them. */
  close(deadlineMs: number): Promise<void>;
}

const headersTimeoutMs = 10_000;

/** Opens one listener on all of its addresses. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const servers: Server[] = [];
  try {
    for (const address of options.addresses) servers.push(await open(address, options));
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return {
    addresses: servers.map((server) => server.address() as AddressInfo), // listening on TCP, so never a string or null
    close: async (deadlineMs) => {
      await Promise.all(servers.map((server) => closeServer(server, deadlineMs)));
    },
  };
}

async function open(address: Address, options: ListenerOptions): Promise<Server> {
  // The whole-body timer would end honest slow uploads; watchPace demands a minimum rate instead.
  const server = createServer({
    requestTimeout: 0,
    headersTimeout: headersTimeoutMs,
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: 2_000,
    maxHeaderSize: 16 * 1024,
    noDelay: true,
    // Refused below with a body that says so; Node's own refusal is silent.
    requireHostHeader: false,
  });
  const answer = getRequestListener((request, env) => options.app.fetch(request, env as HttpBindings), {
    autoCleanupIncoming: false,
    errorHandler: (error) => answerUnreadable(error, options.log),
  });
  const handle = (incoming: IncomingMessage, outgoing: ServerResponse) =>
    serve(incoming, outgoing, server, answer, options);
  server.on('request', handle);
  // The body is asked for by whoever reads it, so that a refusal costs the client nothing.
  server.on('checkContinue', (incoming, outgoing) => {
    incoming.once('resume', () => outgoing.headersSent || outgoing.writeContinue());
    handle(incoming, outgoing);
  });
  server.on('clientError', answerMalformed);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(address, options.name, error)));
    server.listen({ host: address.host, port: address.port, backlog: 1024 }, resolve);
  });
  server.removeAllListeners('error');
  server.on('error', (error) => options.log.error({ err: error }, 'listener failed'));
  return server;
}

function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  server: Server,
  answer: ReturnType<typeof getRequestListener>,
  options: ListenerOptions,
): void {
  const startedAt = performance.now();
  const peer = hashPeer(options.peers.addressOf(incoming));
  const id = newId('req');
  outgoing.setHeader('X-Request-Id', id);
  requestScope.run({ id, peer, route: '' }, () => {
    if (!server.listening) outgoing.setHeader('Connection', 'close');
    watchPace(incoming, outgoing);
    drainAfterAnswer(incoming, outgoing);
    options.observer(incoming, outgoing, startedAt);
    void answer(incoming, outgoing);
  });
}

function cannotListen(address: Address, name: string, error: NodeJS.ErrnoException): StartupError {
  const where = `${address.host}:${address.port}`;
  const reason = error.code === 'EADDRINUSE' ? 'the port is in use' : (error.code ?? 'unknown reason');
  return new StartupError(
    `The ${name} listener cannot open ${where}: ${reason}.`,
    `Stop what uses it (ss -ltnp), or choose another address in SAFE_${name.toUpperCase()}_BIND_ADDRS.`,
    { cause: error },
  );
}

/** A request line or Host header that makes no URL. */
function answerUnreadable(error: unknown, log: Log): Response {
  if (error instanceof Error && error.name === 'RequestError') return problem(new Problem('invalid_request'));
  log.error({ err: error }, 'request failed');
  return problem(new Problem('internal_error'));
}

/** What never became a request still gets a readable answer. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, refusal] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', new Problem('request_too_large')]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', new Problem('request_timeout')]
        : ['400 Bad Request', new Problem('invalid_request')];
  const body = JSON.stringify(problemBody(refusal));
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroySoon(),
  );
}

function closeServer(server: Server, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), deadlineMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
