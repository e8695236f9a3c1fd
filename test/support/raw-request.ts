import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  status: number;
  /** As it came after the headers; may be cut short. */
  body: string;
  /** All of the announced length arrived. */
  whole: boolean;
}

/** One connection on which a test decides over every byte and how it ends. */
export interface RawRequest {
  readonly socket: Socket;
  send(bytes: string | Uint8Array): void;
  fin(): void;
  reset(): void;
  /** The first answer on the connection, when it is whole or the connection has ended; undefined when nothing came. */
  answer(withinMs?: number): Promise<RawAnswer | undefined>;
}

export async function openRaw(url: string): Promise<RawRequest> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.setNoDelay(true);
  let received = Buffer.alloc(0);
  let ended = false;
  const wake = new Set<() => void>();
  const changed = () => {
    for (const look of wake) look();
  };
  socket.on('data', (data) => {
    received = Buffer.concat([received, data]);
    changed();
  });
  for (const event of ['end', 'close', 'error']) {
    socket.on(event, () => {
      ended = true;
      changed();
    });
  }
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
  return {
    socket,
    send: (bytes) => {
      if (socket.writable) socket.write(bytes);
    },
    fin: () => socket.end(),
    reset: () => socket.resetAndDestroy(),
    answer: (withinMs = 30_000) =>
      new Promise((resolve) => {
        const settle = () => {
          wake.delete(look);
          clearTimeout(timer);
          resolve(parse(received));
        };
        const look = () => {
          if (ended || parse(received)?.whole === true) settle();
        };
        const timer = setTimeout(settle, withinMs);
        wake.add(look);
        look();
      }),
  };
}

function parse(received: Buffer): RawAnswer | undefined {
  const text = received.toString('latin1');
  const headEnd = text.indexOf('\r\n\r\n');
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
  if (status === undefined || headEnd === -1) return undefined;
  const interim = Number(status) < 200;
  if (interim) return parse(received.subarray(headEnd + 4));
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd + 2))?.[1];
  const body = text.slice(headEnd + 4);
  return { status: Number(status), body, whole: length !== undefined && body.length >= Number(length) };
}

/** The head of a request, with the lines given; ends with the empty line. */
export function head(method: string, path: string, headers: Record<string, string | number>): string {
  const lines = Object.entries({ Host: 'test', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
