import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { DataStore, Upload } from '@tus/server';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import { ArrivingBytes } from './arriving-bytes.ts';
import { type PartDeps, receiveParts } from './receive-parts.ts';
import type { ResumableConfig } from './resumable.config.ts';
import { expiryAfter, isFinishing, type UploadRow, uploadFor, wordsOf } from './resumable.store.ts';
import { createUploadTransaction, endUploadTransaction } from './resumable.transactions.ts';
import type { UploadTarget } from './upload-target.ts';

export interface PartsStoreOptions {
  deps: PartDeps;
  config: ResumableConfig;
  target: UploadTarget;
  caller: Caller;
  incoming: IncomingMessage;
}

/** Uploads of one caller, as @tus/server wants to see them, for one request: the bytes are taken from the request itself. */
export class PartsStore extends DataStore {
  override extensions = ['creation', 'creation-with-upload', 'expiration', 'termination'];
  readonly #options: PartsStoreOptions;
  #arriving: ArrivingBytes | undefined;
  /** As it was last looked at. */
  seen: UploadRow | undefined;

  constructor(options: PartsStoreOptions) {
    super();
    this.#options = options;
  }

  override getExpiration(): number {
    return this.#options.config.expiryMs;
  }

  override async create(upload: Upload): Promise<Upload> {
    const { deps, config, target, caller } = this.#options;
    if (upload.size === undefined) throw new Problem('invalid_request', { message: 'Upload-Length is missing.' });
    const nowMs = Date.now();
    const row: UploadRow = {
      id: upload.id,
      owner_account_id: caller.accountId,
      target: target.kind,
      wish: JSON.stringify(upload.metadata ?? {}),
      byte_size: upload.size,
      received_bytes: 0,
      state: 'open',
      refusal: null,
      result_id: null,
      created_at: timestamp(nowMs),
      expires_at: expiryAfter(nowMs, config.expiryMs),
    };
    await deps.metadata.write(createUploadTransaction, { upload: row, maxOpen: config.maxOpen });
    this.seen = row;
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const { deps, caller } = this.#options;
    const row = await uploadFor(deps.metadata.read, caller, id);
    if (row.state === 'failed') throw new Problem('upload_gone');
    this.seen = row;
    const begun = {
      id,
      size: row.byte_size,
      offset: row.received_bytes,
      metadata: { ...wordsOf(row) },
    };
    // Expiry is counted from here; it begins anew with every part, and no more when all of them are there.
    return row.state === 'done' || isFinishing(row)
      ? new Upload(begun)
      : new Upload({ ...begun, creation_date: timestamp(Date.parse(row.expires_at) - this.getExpiration()) });
  }

  /** The stream that is given is empty, see answerTus. */
  override async write(empty: Readable, _id: string, _offset: number): Promise<number> {
    empty.resume();
    const { deps, config, incoming } = this.#options;
    if (this.seen === undefined) throw new Error('an upload is written that nobody looked at');
    const arriving = new ArrivingBytes(incoming);
    this.#arriving = arriving;
    try {
      return await receiveParts(deps, config, this.seen, arriving);
    } finally {
      arriving.close();
    }
  }

  override async remove(id: string): Promise<void> {
    const { deps } = this.#options;
    await deps.metadata.write(endUploadTransaction, { id });
  }

  /** A sender that has said nothing for so many milliseconds may be gone without a word: others need not wait for it. */
  leaveIfSilent(ms: number): void {
    if (this.#arriving !== undefined && this.#arriving.idleMs >= ms) this.#arriving.stop();
  }
}
