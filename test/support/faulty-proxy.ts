import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * `before`: answered without asking the server. `lost`: the server acted, and the connection is destroyed. `slow`: it acted, and the
 * answer comes so much later. `cut`, `hang`: so many bytes of the answer's body come, then it is destroyed, or nothing more comes.
 * `stall`: no answer at all, and the server was not asked. `altered`: one bit of the answer's body is another.
 */
export type ProxyFault =
  | { kind: 'before'; status: number; retryAfter?: string }
  | { kind: 'lost' }
  | { kind: 'slow'; ms: number }
  | { kind: 'cut' | 'hang'; bytes: number }
  | { kind: 'stall' }
  | { kind: 'altered' };

export interface Passed {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface FaultyProxy {
  readonly url: string;
  /** Every request, whatever became of it. */
  readonly seen: Passed[];
  /** Decides the fate of each request; `count` is that of the requests so far, from 1. */
  fault: (request: Passed, count: number) => ProxyFault | undefined;
  close(): void;
}

/** Stands before a real server and misbehaves on order. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const server = createServer((incoming, outgoing) => {
    void pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const proxy: FaultyProxy = { url: '', seen: [], fault: () => undefined, close: () => undefined };

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>));
    const { headers, method = 'GET', url: path = '/' } = incoming;
    const passed = { method, path, headers, body };
    proxy.seen.push(passed);
    const fault = proxy.fault(passed, proxy.seen.length);
    if (fault?.kind === 'stall') return;
    if (fault?.kind === 'before') {
      outgoing.writeHead(fault.status, fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter });
      outgoing.end('<html>from a proxy</html>');
      return;
    }
    const answer = await ask(target, passed);
    if (fault?.kind === 'lost') return void incoming.socket.destroy();
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms));
    outgoing.writeHead(answer.status, answer.headers);
    if (fault?.kind === 'cut' || fault?.kind === 'hang') {
      outgoing.write(answer.body.subarray(0, fault.bytes), () => {
        if (fault.kind === 'cut') incoming.socket.destroy();
      });
      return;
    }
    const at = answer.body.length >> 1;
    if (fault?.kind === 'altered') answer.body[at] = (answer.body[at] ?? 0) ^ 1;
    outgoing.end(answer.body);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
}

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

function ask(target: string, { body, headers, method, path }: Passed): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(target + path, { method, headers, agent: false }, (incoming) => {
      Array.fromAsync(incoming as AsyncIterable<Buffer>).then(
        (parts) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(parts) }),
        reject,
      );
    });
    outgoing.on('error', reject).end(body);
  });
}
