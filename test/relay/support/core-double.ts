import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CoreCall {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** `stall`: no answer. `cut`: the connection ends without one. */
export type CoreAnswer = { status: number; body: unknown; headers?: Record<string, string> } | 'stall' | 'cut';

export interface CoreDouble {
  url: string;
  readonly calls: CoreCall[];
  /** What it says; undefined: what a core would say of something that is right. */
  answer: (call: CoreCall) => CoreAnswer | undefined | Promise<CoreAnswer | undefined>;
  close(): void;
}

export const isPreflight = ({ path }: CoreCall) => path.endsWith('/preflight');

export function refusal(status: number, code: string, headers: Record<string, string> = {}): CoreAnswer {
  return { status, body: { error: { code, message: 'said by the double' } }, headers };
}

/** Stands in for a core where it has to say what a real one says only when it is broken. */
export async function startCoreDouble(): Promise<CoreDouble> {
  const server = createServer((incoming, outgoing) => {
    void serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const double: CoreDouble = { url: '', calls: [], answer: () => undefined, close: () => undefined };

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>));
    const { headers, method = '', url: path = '' } = incoming;
    const call = { method, path, headers, body };
    double.calls.push(call);
    const answer = (await double.answer(call)) ?? usual(call);
    if (answer === 'stall') return;
    if (answer === 'cut') return void incoming.socket.destroy();
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    outgoing.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(text);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  return Object.assign(double, {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
}

function usual(call: CoreCall): CoreAnswer {
  if (isPreflight(call)) return { status: 200, body: { max_bytes: 250_000_000, fanout: false } };
  const [, incident = '', stream = '', index = ''] =
    /incidents\/(\w+)\/streams\/(\w+)\/chunks\/(\d+)/.exec(call.path) ?? [];
  const digest = /sha-256=:(.{44}):/.exec(call.headers['repr-digest']?.toString() ?? '')?.[1] ?? '';
  return {
    status: 201,
    body: {
      id: 'chk_double',
      incident_id: incident,
      stream_id: stream,
      chunk_index: Number(index),
      byte_size: call.body.length,
      sha256_hex: Buffer.from(digest, 'base64').toString('hex'),
    },
  };
}
