import type { ServerResponse } from 'node:http';
import { streamHeaders } from '#http/reply.ts';
import { writeWithBackPressure } from '#http/write-stream.ts';
import type { WindowEntry } from './chunk-window.ts';
import type { ReaderRight } from './reader-rights.ts';

/** A reader that takes nothing for so long keeps bytes in staging that uploads could use. */
const maxStallMs = 20_000;

/** Sends the sealed bytes; breaks off where they are withdrawn meanwhile or the reader's right ends. Throws where the reader went away. */
export async function sendLiveChunk(
  outgoing: ServerResponse,
  { chunk, state, cuts }: WindowEntry,
  right: ReaderRight,
  stallMs = maxStallMs,
): Promise<void> {
  const { body } = chunk;
  body.hold();
  const cut = () => outgoing.destroy();
  cuts.add(cut);
  right.onEnd(cut);
  outgoing.setTimeout(stallMs, cut);
  try {
    outgoing.writeHead(
      200,
      streamHeaders({
        'Content-Type': 'application/octet-stream',
        'Content-Length': String(chunk.byteSize),
        'Repr-Digest': `sha-256=:${Buffer.from(chunk.sha256Hex, 'hex').toString('base64')}:`,
        'Proofline-Chunk-State': state,
      }),
    );
    if (outgoing.req.method !== 'HEAD') await writeWithBackPressure(outgoing, body.open());
    outgoing.end();
  } finally {
    cuts.delete(cut);
    outgoing.setTimeout(0);
    body.release();
  }
}
