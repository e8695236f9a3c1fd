import { isProblem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import { type FinishDeps, finishUpload } from './finish-upload.ts';
import { uploadFolder, uploadOfPath, uploadsFolder } from './part-path.ts';
import type { PartDeps } from './receive-parts.ts';
import type { ResumableConfig } from './resumable.config.ts';
import { fullUploads, knownUploads, leavingUploads, spentUploads } from './resumable.store.ts';
import {
  expireUploadsTransaction,
  forgetPartsTransaction,
  forgetUploadTransaction,
  uploadOvertakenTransaction,
} from './resumable.transactions.ts';
import type { UploadTarget } from './upload-target.ts';

export interface TendDeps extends FinishDeps {
  log: TendLog;
}

/** Part of what pino offers. */
export interface TendLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** In one turn; what is left over has another. */
const atOnce = 100;

/** One turn: finishes what a crash left, then takes away what nobody needs any more. Each step may be cut short, and goes on next time. */
export async function tendUploads(
  deps: TendDeps,
  config: ResumableConfig,
  targets: readonly UploadTarget[],
  signal: AbortSignal,
): Promise<void> {
  const { metadata } = deps;
  for (const upload of await fullUploads(metadata.read, atOnce)) {
    if (signal.aborted) return;
    const target = targets.find(({ kind }) => kind === upload.target);
    if (target !== undefined) await finishLate(deps, config, target, upload.id, signal);
  }
  for (const target of targets) {
    for (const { id, code } of (await target.overtaken?.(atOnce)) ?? []) {
      const ended = await metadata.write(uploadOvertakenTransaction, { id, code });
      if (ended) deps.log.info({ upload_id: id, code }, 'an upload was ended that could not become anything any more');
    }
  }
  await metadata.write(expireUploadsTransaction, { at: timestamp(Date.now()) });
  for (const id of await spentUploads(metadata.read, atOnce)) {
    if (signal.aborted) return;
    await removeParts(deps, id);
  }
  for (const { id } of await leavingUploads(metadata.read, atOnce)) {
    if (signal.aborted) return;
    await removeUpload(deps, id);
  }
}

/** Its refusals are its owner's to read. */
async function finishLate(
  deps: TendDeps,
  config: ResumableConfig,
  target: UploadTarget,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await finishUpload(deps, config, target, id, { signal });
    deps.log.info({ upload_id: id }, 'an upload was finished that no request had brought to its end');
  } catch (error) {
    if (isProblem(error, 'upload_locked') || isProblem(error, 'upload_gone') || signal.aborted) return;
    if (isProblem(error) && error.kind !== 'internal' && error.kind !== 'corrupt')
      deps.log.warn({ upload_id: id, code: error.code }, 'an upload could not be finished');
    else deps.log.error({ upload_id: id, err: error }, 'an upload could not be finished');
  }
}

/**
 * Rows first, so that none ever names bytes that are gone: a backup may be reading them. Then all bytes of the upload, also those that no
 * row names, which a crash or a faster request left; where this is cut short, they go when the upload is forgotten.
 */
async function removeParts({ metadata, blobs }: PartDeps, uploadId: string): Promise<void> {
  await metadata.write(forgetPartsTransaction, { id: uploadId });
  for await (const { path } of blobs.list(uploadFolder(uploadId))) await blobs.remove(path);
}

/** Of one that is leaving, everything. */
export async function removeUpload(deps: PartDeps, id: string): Promise<void> {
  await removeParts(deps, id);
  await deps.metadata.write(forgetUploadTransaction, { id });
}

/**
 * Bytes of uploads that are gone: a request that was still at work when its upload went, or an account that went with all of its rows.
 * Parts come after their upload's row, so one without a row has lost it. For a timer.
 */
export async function sweepUploads({ metadata, blobs, log }: TendDeps, signal: AbortSignal): Promise<void> {
  let removed = 0;
  let batch: string[] = [];
  const settle = async () => {
    if (batch.length === 0) return;
    const known = await knownUploads(metadata.read, [...new Set(batch.map(uploadOfPath))]);
    for (const path of batch) {
      if (known.has(uploadOfPath(path))) continue;
      await blobs.remove(path);
      removed += 1;
    }
    batch = [];
  };
  for await (const { path } of blobs.list(uploadsFolder)) {
    if (signal.aborted) return;
    batch.push(path);
    if (batch.length >= atOnce) await settle();
  }
  await settle();
  if (removed > 0) log.info({ removed }, 'bytes of uploads removed that no row named');
}
