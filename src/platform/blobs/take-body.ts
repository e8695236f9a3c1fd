import type { Readable } from 'node:stream';
import { Problem } from '#kit/errors.ts';
import type { BodyLimits } from './blob-store.ts';

/** Keeps the bytes of one chunk, in order. A promise means: read no further until it settles. */
export type KeepBytes = (bytes: Buffer, totalBytes: number) => Promise<void> | undefined;

/**
 * Reads a body to its end under its limits; resolves with the bytes counted. Event listeners, because iterating a stream or
 * `pipeline` would destroy it on failure, and what is left of it is the caller's. On failure the stream is left paused.
 */
export function takeBody(body: Readable, limits: BodyLimits, keep: KeepBytes): Promise<number> {
  const { declaredBytes, maxBytes } = limits;
  if (declaredBytes !== undefined && declaredBytes > maxBytes) return Promise.reject(new Problem('upload_too_large'));
  if (body.errored) return Promise.reject(body.errored);
  if (body.destroyed && !body.readableEnded) return Promise.reject(cutShort());

  return new Promise((resolve, reject) => {
    let total = 0;
    let keeping = false;
    let ended = false;
    let settled = false;

    function settle(error?: unknown): void {
      if (settled) return;
      settled = true;
      body.off('data', onData).off('end', onEnd).off('error', settle).off('close', onClose);
      if (error === undefined) {
        resolve(total);
      } else {
        body.pause();
        reject(error);
      }
    }
    function finish(): void {
      if (declaredBytes !== undefined && total !== declaredBytes) settle(new Problem('length_mismatch'));
      else settle();
    }
    function onEnd(): void {
      ended = true;
      if (!keeping) finish();
    }
    function onClose(): void {
      if (!ended) settle(body.errored ?? cutShort());
    }
    function onData(chunk: Buffer): void {
      total += chunk.length;
      try {
        if (total > maxBytes) throw new Problem('upload_too_large');
        if (declaredBytes !== undefined && total > declaredBytes) throw new Problem('length_mismatch');
        const kept = keep(chunk, total);
        if (kept !== undefined) holdUntil(kept);
      } catch (error) {
        settle(error);
      }
    }
    function holdUntil(kept: Promise<void>): void {
      keeping = true;
      body.pause();
      kept.then(() => {
        keeping = false;
        if (settled) return;
        if (ended) finish();
        else body.resume();
      }, settle);
    }

    body.on('data', onData).on('end', onEnd).on('error', settle).on('close', onClose);
    if (body.readableEnded) onEnd();
    else body.resume();
  });
}

function cutShort(): Problem {
  return new Problem('length_mismatch', { message: 'The body ended before it was complete.' });
}
