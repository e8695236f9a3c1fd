import { connect, createServer, type Socket } from 'node:net';

/** What went through: counted, not looked into. */
export interface Wire {
  connections: number;
  /** How often a connection's client spoke after it had been answered: what a network's latency is paid for. */
  turns: number;
  bytesOut: number;
  bytesIn: number;
}

export interface CountingProxy {
  port: number;
  wire: Wire;
  /** Hears what the client sends and is answered, a connection at a time. */
  tap: { out?: (data: Buffer, connection: number) => void; in?: (data: Buffer, connection: number) => void };
  close(): Promise<void>;
}

/** A TCP proxy on 127.0.0.1 between a server under test and one of its backends. */
export async function countingProxy(backendPort: number): Promise<CountingProxy> {
  const wire: Wire = { connections: 0, turns: 0, bytesOut: 0, bytesIn: 0 };
  const tap: CountingProxy['tap'] = {};
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const number = wire.connections++;
    const backend = connect(backendPort, '127.0.0.1');
    let clientSpoke = false;
    for (const socket of [client, backend]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
    }
    client.on('data', (data: Buffer) => {
      if (!clientSpoke) wire.turns += 1;
      clientSpoke = true;
      wire.bytesOut += data.length;
      tap.out?.(data, number);
      backend.write(data);
    });
    backend.on('data', (data: Buffer) => {
      clientSpoke = false;
      wire.bytesIn += data.length;
      tap.in?.(data, number);
      client.write(data);
    });
    client.on('close', () => backend.destroy());
    backend.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    wire,
    tap,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
