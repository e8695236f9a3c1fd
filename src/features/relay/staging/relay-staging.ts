import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { asProblem } from '#platform/blobs/local/disk-problem.ts';
import { StagedNames } from '#platform/blobs/local/staged-names.ts';
import { StagingFile } from '#platform/blobs/local/staging-file.ts';
import { sweepStaging } from '#platform/blobs/local/sweep-staging.ts';
import { StagingQuota, type StagingReservation } from '#platform/blobs/staging-quota.ts';
import { takeBody } from '#platform/blobs/take-body.ts';
import { lockFile } from '#platform/process/lock-file.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type DiskPromise, DiskRoom } from './disk-room.ts';
import { StagedBody } from './staged-body.ts';

/** A body up to this may be in memory. */
const maxMemoryBodyBytes = 1024 * 1024;

export interface RelayStagingOptions {
  folder: string;
  quotaBytes: number;
  memoryBytes: number;
  /** Asked to give up bytes of others when the quota is reached. */
  shed: (bytes: number) => void;
}

export type StagingPressure = 'ok' | 'pressure' | 'full';

/** Where ciphertext is between a client and the core. Nothing of it is durable, and nothing survives a start. */
export class RelayStaging {
  readonly #options: RelayStagingOptions;
  readonly #folder: string;
  readonly #quota: StagingQuota;
  readonly #memory: StagingQuota;
  readonly #disk: DiskRoom;
  readonly #names = new StagedNames();
  readonly #lock: { release(): void };

  private constructor(options: RelayStagingOptions, folder: string, lock: { release(): void }) {
    this.#options = options;
    this.#folder = folder;
    this.#lock = lock;
    this.#quota = new StagingQuota(options.quotaBytes);
    this.#memory = new StagingQuota(options.memoryBytes);
    this.#disk = new DiskRoom(folder);
  }

  /** Locks the folder and empties it: what a process that ended left there, its clients send again. Throws StartupError. */
  static async open(options: RelayStagingOptions): Promise<RelayStaging> {
    const bodies = `${options.folder}/bodies`;
    const lock = lockFolder(options.folder, bodies);
    try {
      const staging = new RelayStaging(options, bodies, lock);
      // A clock that steps back must not save old files.
      await sweepStaging(bodies, staging.#names, Number.NEGATIVE_INFINITY);
      return staging;
    } catch (cause) {
      lock.release();
      throw unusable(cause);
    }
  }

  /**
   * Takes room for the whole body, and only then reads it, to its end. The caller holds what it gets. Throws staging_full, storage_full or
   * storage_unavailable; length_mismatch or the stream's own error when it does not come whole. Nothing of it stays then.
   */
  async receive(body: Readable, declaredBytes: number): Promise<StagedBody> {
    const quota = this.#reserve(declaredBytes);
    const memory = this.#memoryFor(declaredBytes);
    let disk: DiskPromise | undefined;
    const reserved: StagingReservation = {
      cover: quota.cover,
      release: () => {
        memory?.release();
        disk?.end();
        quota.release();
      },
    };
    try {
      if (memory !== undefined) return await intoMemory(body, declaredBytes, reserved);
      disk = await this.#disk.promise(declaredBytes);
      return await this.#intoFile(body, declaredBytes, reserved, disk);
    } catch (error) {
      reserved.release();
      throw error;
    }
  }

  /** Bytes and bodies, in memory and in files. */
  usage(): { bytes: number; bodies: number } {
    return this.#quota.usage();
  }

  async pressure(): Promise<StagingPressure> {
    const { bytes, quotaBytes } = this.#quota.usage();
    if (bytes >= quotaBytes || (await this.#disk.isFull())) return 'full';
    return bytes > 0.8 * quotaBytes ? 'pressure' : 'ok';
  }

  close(): void {
    this.#lock.release();
  }

  #reserve(declaredBytes: number): StagingReservation {
    const { bytes, quotaBytes } = this.#quota.usage();
    const missing = bytes + declaredBytes - quotaBytes;
    if (missing > 0) this.#options.shed(missing);
    return this.#quota.reserve(declaredBytes);
  }

  #memoryFor(bytes: number): StagingReservation | undefined {
    if (bytes > maxMemoryBodyBytes) return undefined;
    const { bytes: used, quotaBytes } = this.#memory.usage();
    return used + bytes > quotaBytes ? undefined : this.#memory.reserve(bytes);
  }

  async #intoFile(
    body: Readable,
    declaredBytes: number,
    reserved: StagingReservation,
    disk: DiskPromise,
  ): Promise<StagedBody> {
    let file: StagingFile | undefined;
    let streamError: unknown;
    const keepError = (error: unknown) => {
      streamError = error;
    };
    body.once('error', keepError);
    try {
      file = await StagingFile.create(this.#folder, this.#names);
      const opened = file;
      const hash = createHash('sha256');
      const limits = { declaredBytes, maxBytes: declaredBytes };
      const byteSize = await takeBody(body, limits, (piece) => {
        hash.update(piece);
        disk.written(piece.length);
        return opened.append(piece);
      });
      await file.finish();
      return new StagedBody({ byteSize, sha256Hex: hash.digest('hex') }, { file }, reserved);
    } catch (error) {
      await file?.close(true);
      // The stream's own error is the caller's to know; what the disk said becomes ours.
      throw error === streamError ? error : asProblem(error);
    } finally {
      body.off('error', keepError);
    }
  }
}

async function intoMemory(body: Readable, declaredBytes: number, reserved: StagingReservation): Promise<StagedBody> {
  // One block, however small the pieces are in which it comes.
  const bytes = Buffer.allocUnsafeSlow(declaredBytes);
  const hash = createHash('sha256');
  const limits = { declaredBytes, maxBytes: declaredBytes };
  const byteSize = await takeBody(body, limits, (piece, total) => {
    piece.copy(bytes, total - piece.length);
    hash.update(piece);
    return undefined;
  });
  return new StagedBody({ byteSize, sha256Hex: hash.digest('hex') }, { bytes }, reserved);
}

function lockFolder(folder: string, bodies: string): { release(): void } {
  let lock: { release(): void } | undefined;
  try {
    mkdirSync(bodies, { recursive: true, mode: 0o700 });
    lock = lockFile(`${folder}/relay.lock`);
  } catch (cause) {
    throw unusable(cause);
  }
  if (lock !== undefined) return lock;
  throw new StartupError(
    'Another relay runs on this SAFE_RELAY_STAGING_DIR.',
    'Stop it first, or give this one a folder of its own.',
  );
}

function unusable(cause: unknown): StartupError {
  return new StartupError(
    'The folder in SAFE_RELAY_STAGING_DIR cannot be made, emptied or written.',
    'Check that it is a folder, that this user may write it, and that its disk is mounted and not read-only.',
    { cause },
  );
}
