import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { DataStore, Upload } from '@tus/server';
import type { Caller } from '#http/caller.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import { ArrivingBytes } from './arriving-bytes.ts';
import { isFinal, keepRefusal } from './keep-refusal.ts';
import { type PartDeps, receiveParts } from './receive-parts.ts';
import type { ResumableConfig } from './resumable.config.ts';
import { expiryAfter, isFinishing, isFull, keptOf, type UploadRow, uploadFor, wordsOf } from './resumable.store.ts';
import { endUploadTransaction } from './resumable.transactions.ts';
import type { GrantedUpload, UploadTarget } from './upload-target.ts';

export interface PartsStoreOptions {
  deps: PartDeps;
  config: ResumableConfig;
  target: UploadTarget;
  caller: Caller;
  /** Of the path, where it names one. */
  incidentId: string | null;
  incoming: IncomingMessage;
}

/** Uploads of one caller, as @tus/server wants to see them, for one request: the bytes are taken from the request itself. */
export class PartsStore extends DataStore {
  override extensions = ['creation', 'creation-with-upload', 'expiration', 'termination'];
  readonly #options: PartsStoreOptions;
  #arriving: ArrivingBytes | undefined;
  /** As it was last looked at. */
  seen: UploadRow | undefined;
  /** What was said to the wish of this request. */
  granted: GrantedUpload = {};
  /** How much stood already when this request wished for it. Bytes; undefined for an upload that is new. */
  stood: number | undefined;

  constructor(options: PartsStoreOptions) {
    super();
    this.#options = options;
  }

  override getExpiration(): number {
    return this.#options.config.expiryMs;
  }

  override async create(upload: Upload): Promise<Upload> {
    const { deps, config, target, caller, incidentId } = this.#options;
    const { streamId = null, resultId = null, once = false } = this.granted;
    if (upload.size === undefined) throw new Problem('invalid_request', { message: 'Upload-Length is missing.' });
    const nowMs = Date.now();
    const row: UploadRow = {
      id: upload.id,
      owner_account_id: caller.accountId,
      target: target.kind,
      incident_id: incidentId,
      stream_id: streamId,
      wish: JSON.stringify(upload.metadata ?? {}),
      byte_size: upload.size,
      received_bytes: resultId === null ? 0 : upload.size,
      state: resultId === null ? 'open' : 'done',
      refusal: null,
      result_id: resultId,
      created_at: timestamp(nowMs),
      expires_at: expiryAfter(nowMs, config.expiryMs),
    };
    this.seen = await deps.metadata.write(target.beginning, { upload: row, maxOpen: config.maxOpen, once });
    if (this.seen.id !== row.id || resultId !== null) this.stood = this.seen.received_bytes;
    // Its Location is made of this.
    upload.id = this.seen.id;
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const { deps, caller, target, incidentId } = this.#options;
    const scope = { target: target.kind, incident_id: incidentId };
    const row = await uploadFor(deps.metadata.read, caller, id, scope);
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
    // The first bytes of an upload that others may be at: its sender goes on from what it is told.
    if (this.stood !== undefined) return this.stood;
    await this.#judge(this.seen);
    const arriving = new ArrivingBytes(incoming);
    this.#arriving = arriving;
    try {
      return await receiveParts(deps, config, this.seen, arriving);
    } finally {
      arriving.close();
    }
  }

  /** Bytes are not taken for an end that cannot come. */
  async #judge(upload: UploadRow): Promise<void> {
    const { deps, target } = this.#options;
    if (target.judge === undefined || upload.state !== 'open' || isFull(upload)) return;
    try {
      await target.judge(keptOf(upload));
    } catch (error) {
      if (!isProblem(error) || !isFinal(target, error)) return;
      await keepRefusal(deps, target, upload.id, error);
      throw error;
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
