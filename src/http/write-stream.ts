import type { ServerResponse } from 'node:http';

/** A piece below this is kept, as a copy, and leaves along with the next: one call of the system for both. Bytes. */
const smallBytes = 4 * 1024;
const maxGatheredBytes = 64 * 1024;

/**
 * Writes pieces as fast as the client takes them. A piece is done with when the next is asked for, so it may be lent memory. Throws
 * when the client goes away; the source is ended then, and nothing of it is read any more.
 */
export async function writeWithBackPressure(outgoing: ServerResponse, pieces: AsyncIterable<Buffer>): Promise<void> {
  const line = new Line(outgoing);
  let gathered: Buffer[] = [];
  let gatheredBytes = 0;
  try {
    for await (const piece of pieces) {
      line.assertOpen();
      if (piece.length < smallBytes && gatheredBytes + piece.length <= maxGatheredBytes) {
        gathered.push(Buffer.from(piece));
        gatheredBytes += piece.length;
        continue;
      }
      await line.write([...gathered, piece]);
      gathered = [];
      gatheredBytes = 0;
    }
    if (gatheredBytes > 0) await line.write(gathered);
  } finally {
    line.close();
  }
}

/** A response on its connection. A write is over when the system has the bytes, or when the connection is gone. */
class Line {
  readonly #outgoing: ServerResponse;
  #settle: ((error: Error | null | undefined) => void) | undefined;
  readonly #onClose = () => this.#settle?.(departed());

  constructor(outgoing: ServerResponse) {
    this.#outgoing = outgoing;
    // The response itself hears nothing of it while it waits for its turn behind another on the same connection.
    outgoing.req.socket.once('close', this.#onClose);
  }

  assertOpen(): void {
    if (this.#outgoing.destroyed || this.#outgoing.req.socket.destroyed) throw departed();
  }

  write(pieces: readonly Buffer[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null | undefined) => (error ? reject(error) : resolve());
      this.#settle = settle;
      const outgoing = this.#outgoing;
      outgoing.cork();
      for (const piece of pieces.slice(0, -1)) outgoing.write(piece);
      outgoing.write(pieces.at(-1), settle);
      outgoing.uncork();
    });
  }

  close(): void {
    this.#outgoing.req.socket.off('close', this.#onClose);
  }
}

function departed(): Error {
  return new Error('the client went away');
}
