import type { IncomingMessage } from 'node:http';
import { Problem } from '#kit/errors.ts';

/** The whole body as bytes, at most `maxBytes`; throws request_too_large and leaves the rest for the server to drain. */
export async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) throw new Problem('request_too_large');
  return await new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const settle = (finish: () => void) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
      finish();
    };
    const onData = (part: Buffer) => {
      size += part.length;
      parts.push(part);
      if (size > maxBytes) {
        incoming.pause();
        settle(() => reject(new Problem('request_too_large')));
      }
    };
    const onEnd = () => settle(() => resolve(Buffer.concat(parts, size)));
    const onError = (error: Error) => settle(() => reject(error));
    const onClose = () => settle(() => reject(new Error('the client went away')));
    incoming.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
    // A body that a rate limit or a look-up kept waiting may have ended in the meantime.
    if (incoming.readableEnded) onEnd();
    else if (incoming.destroyed) onClose();
  });
}
