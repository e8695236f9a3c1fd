import { createCipheriv, createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { timestamp } from '#kit/time.ts';
import type { Source } from './source.ts';

export interface GeneratedSpec {
  readonly kind: 'generated';
  readonly segments: number;
  /** Bytes of each segment. */
  readonly segmentBytes: number;
  /** Time between two segments in milliseconds; 0 makes them as fast as they are taken. */
  readonly everyMs: number;
  readonly seed: number;
}

/** Bytes that look random and are the same every time: for trying out a server, and for tests. */
export function generatedSource(spec: GeneratedSpec): Source {
  return {
    expectedBytes: spec.segments * spec.segmentBytes,
    async *segments({ after, signal }) {
      for (let index = Number(after ?? 0) + 1; index <= spec.segments; index++) {
        if (signal.aborted) return;
        const startedAt = timestamp(Date.now());
        // Aborted while waiting: the segment was not over, and there is nothing in it yet.
        if (spec.everyMs > 0 && (await wait(spec.everyMs, false, { signal }).catch(() => true))) return;
        yield {
          bytes: generatedBytes(spec.seed, index, spec.segmentBytes),
          startedAt,
          endedAt: timestamp(Date.now()),
          cursor: String(index),
        };
      }
    },
  };
}

/** The content of one generated segment; index from 1, length in bytes. */
export function generatedBytes(seed: number, index: number, length: number): Uint8Array<ArrayBuffer> {
  const key = createHash('sha256').update(`proofline generated ${seed} ${index}`).digest();
  return new Uint8Array(createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length)));
}
