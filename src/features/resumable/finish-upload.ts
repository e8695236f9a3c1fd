import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { isProblem, Problem } from '#kit/errors.ts';
import type { Coordinator } from '#platform/coordination/coordinator.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import { keepRefusal } from './keep-refusal.ts';
import type { PartDeps } from './receive-parts.ts';
import type { ResumableConfig } from './resumable.config.ts';
import { expiryAfter, isFull, keptOf, partsOf, type UploadRow, uploadById } from './resumable.store.ts';
import { uploadDoneTransaction } from './resumable.transactions.ts';
import type { UploadTarget } from './upload-target.ts';
import { wholeBody } from './whole-body.ts';

export interface FinishDeps extends PartDeps {
  coordinator: Pick<Coordinator, 'lease'>;
}

/** Saves the work of a second reader of the same parts. Of a node that died it is taken over within seconds. Milliseconds. */
const leaseMs = 60 * 60_000;
const lookEveryMs = 200;

/** For whoever asks: the end of a large upload takes as long as reading and writing it once. Milliseconds. */
export const finishPatienceMs = 20_000;

export interface FinishOptions {
  /** For so long another may be at it before that is an answer. Milliseconds. */
  patienceMs?: number;
  /** Ends it between two parts. */
  signal?: AbortSignal;
}

/**
 * Makes of an upload whose bytes are all there what it is meant to be; asked again, it answers with the same. Whoever is at it, the target
 * sees to it that it happens once. Throws upload_locked while another does it, upload_gone, hash_mismatch, what the target refuses
 * with (which is also kept beside the upload), shutting_down when the signal says so, and what the stores throw.
 */
export async function finishUpload(
  deps: FinishDeps,
  config: ResumableConfig,
  target: UploadTarget,
  id: string,
  { patienceMs = 0, signal }: FinishOptions = {},
): Promise<string> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const upload = await uploadById(deps.metadata.read, id);
    if (upload === undefined || !isFull(upload)) return resultOf(upload);
    const lease = await deps.coordinator.lease(`resumable:finish:${id}`, leaseMs);
    if (lease !== undefined) return await finishAlone(deps, config, target, id, signal).finally(() => lease.release());
    if (performance.now() >= until) throw new Problem('upload_locked', { retryAfterSeconds: 2 });
    await pause(lookEveryMs);
  }
}

async function finishAlone(
  deps: FinishDeps,
  config: ResumableConfig,
  target: UploadTarget,
  id: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  // Another may have done it before this one's turn came.
  const upload = await uploadById(deps.metadata.read, id);
  if (upload?.state !== 'open') return resultOf(upload);
  try {
    return await finish(deps, config, target, upload, signal);
  } catch (error) {
    // Where the parts went while they were read, another has finished or ended the upload.
    const now = isProblem(error, 'evidence_corrupt') ? await uploadById(deps.metadata.read, id) : upload;
    if (now?.state !== 'open') return resultOf(now, error);
    await keepRefusal(deps, target, id, error);
    throw error;
  }
}

/** What another has made of it; whoever sent the last byte hears what it was refused for, also when it was not their request that found out. */
function resultOf(upload: UploadRow | undefined, cause?: unknown): string {
  if (upload?.state === 'done' && upload.result_id !== null) return upload.result_id;
  throw new Problem((upload?.state === 'failed' && upload.refusal) || 'upload_gone', { cause });
}

async function finish(
  deps: FinishDeps,
  config: ResumableConfig,
  target: UploadTarget,
  upload: UploadRow,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { metadata, blobs } = deps;
  const kept = keptOf(upload);
  const { sha256 } = kept.words;
  const parts = await partsOf(metadata.read, upload.id);
  const whole = Readable.from(wholeBody(blobs, parts, upload.byte_size, signal), { objectMode: false });
  const limits = { maxBytes: upload.byte_size, declaredBytes: upload.byte_size };
  const body = await blobs.staging.receive(whole, limits).finally(() => whole.destroy());
  try {
    if (typeof sha256 === 'string' && sha256 !== body.sha256Hex) throw new Problem('hash_mismatch');
    failpoint('before-upload-finish');
    // A crash after this leaves the result and an upload that does not know of it: the next attempt finds it again.
    const resultId = await target.finish(kept, body);
    failpoint('after-upload-finish');
    const expiresAt = expiryAfter(Date.now(), config.expiryMs);
    await metadata.write(uploadDoneTransaction, { id: upload.id, resultId, expiresAt });
    failpoint('after-upload-done');
    return resultId;
  } finally {
    await body.discard();
  }
}
