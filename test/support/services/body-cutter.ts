import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** After so many bytes of the body have gone through; or when all have, and the server has begun to answer. */
export type CutAt = number | 'answer';

export interface BodyCutter {
  readonly port: number;
  /** Of every PATCH that came, in order: where it said that its bytes begin. */
  readonly offsets: readonly number[];
  /** How many connections were cut. */
  readonly cuts: number;
  /** The next PATCH is cut there, and none after it. */
  cutNext(at: CutAt): void;
  close(): Promise<void>;
}

/**
 * The way of a client to a server, which ends in the body of a PATCH exactly where a test wants it to; other requests pass. The server has
 * so many milliseconds to take what came.
 */
export async function startBodyCutter(target: number, lingerMs: number): Promise<BodyCutter> {
  const open = new Set<Socket>();
  const offsets: number[] = [];
  let cuts = 0;
  let armed: CutAt | undefined;

  const listener = createServer((client) => {
    const server = connect({ port: target, host: '127.0.0.1' });
    open.add(client);
    const end = () => {
      open.delete(client);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.setNoDelay(true).on('error', end).on('close', end);
    /** Of a head that has not come to its end. */
    let head = Buffer.alloc(0);
    /** Of the body under way. */
    let left = 0;
    let passed = 0;
    let cut: CutAt | undefined;
    let over = false;

    const pass = (bytes: Buffer) => {
      if (typeof cut === 'number' && passed + bytes.length >= cut) {
        over = true;
        cuts += 1;
        server.write(bytes.subarray(0, cut - passed));
        setTimeout(end, lingerMs);
        return;
      }
      passed += bytes.length;
      left -= bytes.length;
      server.write(bytes);
    };
    client.on('data', (bytes: Buffer) => {
      let rest = bytes;
      while (!over && (rest.length > 0 || left === 0)) {
        if (left > 0) {
          const body = rest.subarray(0, left);
          rest = rest.subarray(body.length);
          pass(body);
          continue;
        }
        head = Buffer.concat([head, rest]);
        const headEnd = head.indexOf('\r\n\r\n');
        if (headEnd < 0) return;
        const text = head.subarray(0, headEnd).toString('latin1');
        rest = head.subarray(headEnd + 4);
        server.write(head.subarray(0, headEnd + 4));
        head = Buffer.alloc(0);
        left = numberOf(text, 'content-length');
        passed = 0;
        if (text.startsWith('PATCH ')) {
          offsets.push(numberOf(text, 'upload-offset'));
          cut = armed;
          armed = undefined;
        }
        if (cut === 0) pass(Buffer.alloc(0));
        if (left === 0 && rest.length === 0) return;
      }
    });
    server.on('data', (bytes: Buffer) => {
      if (cut === 'answer' && left === 0) {
        cuts += 1;
        return end();
      }
      if (!client.destroyed) client.write(bytes);
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    offsets,
    get cuts() {
      return cuts;
    },
    cutNext: (at) => {
      armed = at;
    },
    close: async () => {
      for (const client of open) client.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}

function numberOf(head: string, name: string): number {
  return Number(new RegExp(`^${name}: *(\\d+)`, 'im').exec(head)?.[1] ?? 0);
}
