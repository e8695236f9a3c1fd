import { createHash, type Hash, hash } from 'node:crypto';
import { type Arena, type Slot, smallSlotBytes } from './arena.ts';
import type { StagedNames } from './staged-names.ts';
import { StagingFile } from './staging-file.ts';

export interface HoldingPlaces {
  arena: Arena;
  stagingDir: string;
  names: StagedNames;
}

/** Where the bytes of one body are while it arrives and until it is committed: in a slot, later perhaps in a file. */
export class HeldBytes {
  readonly #places: HoldingPlaces;
  #slot: Slot | undefined;
  #file: StagingFile | undefined;
  #moving: Promise<void> | undefined;
  #filled = 0;
  /** Only where hashing at the end in one call would hold up the thread, or where the bytes do not stay in memory. */
  #hash: Hash | undefined;

  constructor(places: HoldingPlaces, slot: Slot | undefined) {
    this.#places = places;
    this.#slot = slot;
    if (slot === undefined || slot.bytes.length > smallSlotBytes) this.#hash = createHash('sha256');
  }

  get slot(): Slot | undefined {
    return this.#slot;
  }

  get file(): StagingFile | undefined {
    return this.#file;
  }

  /** A promise when the stream must wait. */
  keep(bytes: Buffer): Promise<void> | undefined {
    if (this.#moving !== undefined) return this.#moving.then(() => this.#append(bytes));
    if (this.#file !== undefined) return this.#append(bytes);
    if (this.#slot !== undefined && this.#filled + bytes.length <= this.#slot.bytes.length) {
      this.#place(this.#slot, bytes);
      return undefined;
    }
    const larger = this.#slot === undefined ? undefined : this.#places.arena.tryTake(this.#filled + bytes.length);
    if (larger !== undefined) {
      this.#moveUp(larger);
      this.#place(larger, bytes);
      return undefined;
    }
    return this.moveToFile().then(() => this.#append(bytes));
  }

  /** Frees the slot; safe at any time while the body arrives. */
  moveToFile(): Promise<void> {
    if (this.#moving === undefined && this.#file === undefined) {
      this.#moving = this.#moveToFile();
      // Whoever keeps the next bytes or finishes sees the failure; until then it must not count as unhandled.
      this.#moving.catch(() => undefined);
    }
    return this.#moving ?? Promise.resolve();
  }

  /** After the last byte; returns the SHA-256 in hexadecimal. */
  async finish(): Promise<string> {
    if (this.#moving !== undefined) await this.#moving;
    await this.#file?.finish();
    if (this.#hash !== undefined) return this.#hash.digest('hex');
    return hash('sha256', this.#slot === undefined ? '' : this.#slot.bytes.subarray(0, this.#filled), 'hex');
  }

  /** Gives everything back; `fileStays` when its name is already gone. Never throws. */
  async release(fileStays = false): Promise<void> {
    await Promise.allSettled([this.#moving]);
    this.#giveSlot();
    await this.#file?.close(!fileStays);
  }

  #place(slot: Slot, bytes: Buffer): void {
    bytes.copy(slot.bytes, this.#filled);
    this.#filled += bytes.length;
    this.#hash?.update(bytes);
  }

  #moveUp(larger: Slot): void {
    const held = this.#heldInSlot();
    held.copy(larger.bytes);
    this.#hash ??= createHash('sha256').update(held);
    this.#giveSlot();
    this.#slot = larger;
  }

  async #moveToFile(): Promise<void> {
    this.#file = await StagingFile.create(this.#places.stagingDir, this.#places.names);
    const held = this.#heldInSlot();
    this.#hash ??= createHash('sha256').update(held);
    if (held.length > 0) {
      await this.#file.append(held);
      // The slot goes to another body now, so these bytes must be out of it first.
      await this.#file.finish();
    }
    this.#giveSlot();
    this.#moving = undefined;
  }

  #append(bytes: Buffer): Promise<void> | undefined {
    this.#filled += bytes.length;
    this.#hash?.update(bytes);
    return this.#file?.append(bytes);
  }

  #heldInSlot(): Buffer {
    return this.#slot === undefined ? Buffer.alloc(0) : this.#slot.bytes.subarray(0, this.#filled);
  }

  #giveSlot(): void {
    if (this.#slot !== undefined) this.#places.arena.give(this.#slot);
    this.#slot = undefined;
  }
}
