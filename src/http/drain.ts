import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a refused client may still send before it is cut: it should get to read its answer, but not to keep a socket for ever. */
const maxDrainBytes = 64 * 1024 * 1024;
const maxDrainMs = 15_000;

/**
 * An answer given before the body was read: without this the socket would be reset with the answer still unread. The rest is
 * thrown away as it comes, within bounds, and the connection is not used again.
 */
export function drainAfterAnswer(incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.once('finish', () => {
    if (incoming.complete || incoming.destroyed) return;
    let drained = 0;
    const cut = () => incoming.destroy();
    const timer = setTimeout(cut, maxDrainMs);
    timer.unref();
    incoming.removeAllListeners('data');
    incoming.on('data', (part: Buffer) => {
      drained += part.length;
      if (drained > maxDrainBytes) cut();
    });
    incoming.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer));
    incoming.on('error', () => clearTimeout(timer));
    incoming.resume();
  });
}
