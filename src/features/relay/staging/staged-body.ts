import type { StagingFile } from '#platform/blobs/local/staging-file.ts';
import type { StagingReservation } from '#platform/blobs/staging-quota.ts';
import type { StagedCiphertext } from './staged-ciphertext.ts';

export type HeldBody = { bytes: Buffer } | { file: StagingFile };

/** Counts who still needs the bytes. Made held once, by whoever received it. */
export class StagedBody implements StagedCiphertext {
  readonly byteSize: number;
  readonly sha256Hex: string;
  readonly #body: HeldBody;
  readonly #reservation: StagingReservation;
  #holds = 1;

  constructor(facts: { byteSize: number; sha256Hex: string }, body: HeldBody, reservation: StagingReservation) {
    this.byteSize = facts.byteSize;
    this.sha256Hex = facts.sha256Hex;
    this.#body = body;
    this.#reservation = reservation;
  }

  open(): AsyncIterable<Buffer> {
    this.#assertHeld();
    return 'file' in this.#body ? this.#body.file.pieces() : once(this.#body.bytes);
  }

  hold(): void {
    this.#assertHeld();
    this.#holds += 1;
  }

  release(): void {
    this.#assertHeld();
    this.#holds -= 1;
    if (this.#holds > 0) return;
    if ('file' in this.#body) void this.#body.file.close(true).then(() => this.#reservation.release());
    else this.#reservation.release();
  }

  #assertHeld(): void {
    if (this.#holds === 0) throw new Error('staged bytes are used after their last release');
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
