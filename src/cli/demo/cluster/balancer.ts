import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface BalancedNode {
  readonly port: number;
  /** Answers 200 when the node can take requests. */
  readonly readyUrl: string;
}

export interface Balancer {
  readonly url: string;
  stop(): Promise<void>;
}

const lookEveryMs = 250;
const lookWithinMs = 2_000;

/**
 * The smallest thing that does what a load balancer does in front of nodes: each new connection goes to the next node that is ready,
 * and a node that does not take it is passed over. Bytes are not looked into; a connection whose node dies is cut, and its client asks
 * again.
 */
export async function startBalancer(nodes: readonly BalancedNode[]): Promise<Balancer> {
  const ready = new Set(nodes);
  const open = new Set<Socket>();
  let turn = 0;

  const listener = createServer({ noDelay: true }, (client) => {
    open.add(client);
    client.on('error', () => client.destroy()).on('close', () => open.delete(client));
    const [first, ...others] = nodes
      .map((_, i) => nodes[(turn + i) % nodes.length])
      .filter((node) => node !== undefined);
    turn += 1;
    if (first !== undefined)
      join(
        client,
        [first, ...others].sort((a, b) => Number(ready.has(b)) - Number(ready.has(a))),
      );
  });

  function join(client: Socket, [node, ...others]: readonly BalancedNode[]): void {
    if (node === undefined) {
      client.destroy();
      return;
    }
    const server = connect({ port: node.port, host: '127.0.0.1', noDelay: true });
    const notThere = () => {
      ready.delete(node);
      join(client, others);
    };
    server.once('error', notThere);
    server.once('connect', () => {
      server.off('error', notThere).on('error', () => client.destroy());
      open.add(server);
      server.on('close', () => {
        open.delete(server);
        client.destroy();
      });
      client.on('close', () => server.destroy());
      client.pipe(server).pipe(client);
    });
  }

  const look = setInterval(() => {
    for (const node of nodes)
      void fetch(node.readyUrl, { signal: AbortSignal.timeout(lookWithinMs) })
        .then(async (answer) => {
          await answer.arrayBuffer();
          return answer.ok;
        })
        .catch(() => false)
        .then((isReady) => (isReady ? ready.add(node) : ready.delete(node)));
  }, lookEveryMs);

  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the balancer has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      clearInterval(look);
      listener.close();
      for (const socket of open) socket.destroy();
      await once(listener, 'close');
    },
  };
}
