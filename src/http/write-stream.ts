import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** Writes pieces as fast as the client takes them. Throws when the client goes away; the source is ended then. */
export async function writeWithBackPressure(outgoing: ServerResponse, pieces: AsyncIterable<Buffer>): Promise<void> {
  for await (const piece of pieces) {
    if (outgoing.destroyed) throw new Error('the client went away');
    if (!outgoing.write(piece)) await drained(outgoing);
  }
}

async function drained(outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  try {
    await Promise.race([
      once(outgoing, 'drain', { signal: gone.signal }),
      once(outgoing, 'close', { signal: gone.signal }).then(() => {
        throw new Error('the client went away');
      }),
    ]);
  } finally {
    gone.abort();
  }
}
