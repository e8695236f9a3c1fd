import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port that nothing listens on. Below those that the kernel gives away by itself: a server that starts seconds later, or again on the
 * same port, must not find somebody's outgoing connection there.
 */
export async function unusedPort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (await isUnused(port)) return port;
  }
  throw new Error('no port is free');
}

async function isUnused(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
