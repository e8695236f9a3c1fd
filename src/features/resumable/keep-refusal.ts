import type { ErrorCode, ErrorKind } from '#kit/error-codes.ts';
import { isProblem, type Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { uploadRefusedTransaction } from './resumable.transactions.ts';
import type { UploadTarget } from './upload-target.ts';

/** Kinds that say nothing about the upload: it is tried again by itself. */
const passing: readonly ErrorKind[] = ['unavailable', 'internal', 'locked', 'storage_full'];

/** Of every kind of upload: the bytes are not those that were announced. */
const finalForAll: readonly ErrorCode[] = ['hash_mismatch'];

export function isFinal(target: UploadTarget, { code, kind }: Problem): boolean {
  return kind === 'corrupt' || finalForAll.includes(code) || target.finalCodes.includes(code);
}

/** What stands in the way for good, or until somebody does something about it, is put down beside the upload. */
export async function keepRefusal(
  { metadata }: { metadata: Metadata },
  target: UploadTarget,
  id: string,
  error: unknown,
): Promise<void> {
  // What says itself when it may be tried again stands in nobody's way.
  if (!isProblem(error) || passing.includes(error.kind) || error.retryAfterSeconds !== undefined) return;
  await metadata.write(uploadRefusedTransaction, { id, code: error.code, forEver: isFinal(target, error) });
}
