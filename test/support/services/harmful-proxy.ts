import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** The way of several processes to one server, which a test can harm while they use it, and heal again; tcp-proxy.ts counts and cuts. */
export interface HarmfulProxy {
  readonly port: number;
  /** From now on, for what is open and for what is opened. */
  set(condition: Condition): void;
  /** Ends every open connection with RST, both ways. */
  reset(): void;
  close(): Promise<void>;
}

/**
 * - `blackhole`: no byte comes through in either direction, and nobody is told; what was sent arrives when it is over.
 * - `unanswered`: everything reaches the server, and none of its answers comes back. Such a connection is cut when it is over: what it
 *   lost is lost.
 * - `half-open`: the server's side is gone at once, and the client is not told. Also cut when it is over.
 */
export type Condition = 'fine' | 'blackhole' | 'unanswered' | 'half-open' | { readonly delayMs: number };

interface Pair {
  client: Socket;
  server: Socket;
  /** Its stream has a hole. */
  torn: boolean;
}

export async function startHarmfulProxy(target: number): Promise<HarmfulProxy> {
  let condition: Condition = 'fine';
  const pairs = new Set<Pair>();
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const pair: Pair = {
      client,
      server: connect({ port: target, host: '127.0.0.1', allowHalfOpen: true }),
      torn: false,
    };
    pairs.add(pair);
    carry(pair, pair.client, pair.server, false);
    carry(pair, pair.server, pair.client, true);
    apply(pair);
  });

  function carry(pair: Pair, from: Socket, to: Socket, isAnswer: boolean): void {
    from.setNoDelay(true);
    // What is delayed is not overtaken when the way is quick again: a connection never changes the order of its bytes.
    const waiting: { at: number; act: () => void }[] = [];
    const next = () => {
      const [first] = waiting;
      if (first === undefined) return;
      setTimeout(
        () => {
          first.act();
          waiting.shift();
          next();
        },
        Math.max(0, first.at - performance.now()),
      );
    };
    const pass = (act: () => void) => {
      const delayMs = typeof condition === 'object' ? condition.delayMs : 0;
      if (delayMs === 0 && waiting.length === 0) return act();
      if (waiting.push({ at: performance.now() + delayMs, act }) === 1) next();
    };
    from.on('data', (bytes: Buffer) => {
      if (pair.torn || (condition === 'unanswered' && isAnswer)) pair.torn = true;
      else
        pass(() => {
          if (!to.write(bytes) && condition === 'fine') {
            from.pause();
            to.once('drain', () => condition !== 'blackhole' && from.resume());
          }
        });
    });
    from.on('end', () => pair.torn || pass(() => to.end()));
    from.on('error', () => undefined);
    from.on('close', () => {
      if (pair.torn && isAnswer) return; // the client is not told
      to.destroy();
      if (pair.client.destroyed && pair.server.destroyed) pairs.delete(pair);
    });
  }

  function apply(pair: Pair): void {
    if (condition === 'half-open') {
      pair.torn = true;
      pair.server.destroy();
    } else if (pair.torn) {
      cut(pair);
    } else if (condition === 'blackhole') {
      pair.client.pause();
      pair.server.pause();
    } else {
      pair.client.resume();
      pair.server.resume();
    }
  }

  function cut(pair: Pair): void {
    pairs.delete(pair);
    pair.client.resetAndDestroy();
    pair.server.resetAndDestroy();
  }

  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    set: (next) => {
      condition = next;
      for (const pair of [...pairs]) apply(pair);
    },
    reset: () => {
      for (const pair of [...pairs]) cut(pair);
    },
    close: async () => {
      listener.close();
      for (const pair of [...pairs]) cut(pair);
      await once(listener, 'close');
    },
  };
}
