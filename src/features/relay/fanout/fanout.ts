import type { StagedCiphertext } from '../staging/staged-ciphertext.ts';

/** Shows readers the newest chunks of a stream before the core has confirmed them. An upload never waits for it, and it never throws. */
export interface Fanout {
  /** Once a chunk is whole and its hash is right. Exactly one word about its end follows. */
  offer(chunk: OfferedChunk): FanoutEntry;
  /** Uploads need room: gives up the oldest chunks of its windows, at least so many bytes of them or all. */
  shed(bytes: number): void;
}

export interface OfferedChunk {
  incidentId: string;
  streamId: string;
  chunkIndex: number;
  byteSize: number;
  sha256Hex: string;
  /** As the client wrote them, RFC 3339. */
  startedAt: string;
  endedAt: string;
  /** Of a stream in a capture group. */
  variantRole?: string;
  /** The caller's; a fanout that keeps it holds it. */
  body: StagedCiphertext;
}

export interface FanoutEntry {
  /** The core has it, on durable storage. */
  confirmed(): void;
  /** The core does not want it, for good: it is withdrawn, and readers are told. */
  rejected(): void;
  /** Nobody knows, or the relay could not ask: the client will try again. */
  failed(): void;
}
