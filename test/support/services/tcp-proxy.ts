import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  port: number;
  /** How often a client sent something after it had been answered: what each crossing of the distance costs. */
  roundTrips(): number;
  /** Open connections. */
  readonly size: number;
  /** Sees what a client sends before it goes on; `cut` ends the connection instead, `cut after` once the server has got it. */
  watch(look: ((sent: Buffer) => 'cut' | 'cut after' | undefined) | undefined): void;
  /** Nothing passes any more, and nobody is told: a cable that was pulled. */
  silence(silent: boolean): void;
  cutAll(): void;
  close(): Promise<void>;
}

/** Stands between a client and a server of this machine, and makes the way long, counted or broken. */
export async function startProxy(targetPort: number, delayMs = 0): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let trips = 0;
  let silent = false;
  let look: ((sent: Buffer) => 'cut' | 'cut after' | undefined) | undefined;
  const later = (work: () => void) => {
    if (delayMs === 0) work();
    else setTimeout(work, delayMs);
  };
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    open.add(client);
    let answered = true;
    let deaf = false;
    const end = () => {
      open.delete(client);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.setNoDelay(true).on('error', end).on('close', end);
    client.on('data', (sent: Buffer) => {
      if (silent) return;
      if (answered) trips += 1;
      answered = false;
      const verdict = look?.(sent);
      if (verdict === 'cut') return end();
      later(() => upstream.write(sent));
      // What it answers is lost; it must have got the last of it first.
      if (verdict === 'cut after') {
        deaf = true;
        upstream.once('data', end);
      }
    });
    upstream.on('data', (answer: Buffer) => {
      if (silent || deaf) return;
      later(() => {
        answered = true;
        client.write(answer);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A test that fails before it closes this must still end.
  server.unref();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    roundTrips: () => trips,
    get size() {
      return open.size;
    },
    watch: (next) => {
      look = next;
    },
    silence: (value) => {
      silent = value;
    },
    cutAll: () => {
      for (const client of open) client.destroy();
    },
    close: async () => {
      for (const client of open) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
