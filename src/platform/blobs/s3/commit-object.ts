import { randomBytes } from 'node:crypto';
import { Problem } from '#kit/errors.ts';
import type { BlobRecord } from '../blob-store.ts';
import { Deadline, travelMs } from './deadline.ts';
import type { ObjectBody } from './put-object.ts';
import { hashObject } from './read-object.ts';
import { S3Failure, s3Failure, s3Problem } from './s3-failure.ts';
import type { S3Objects } from './s3-objects.ts';

/** So long one commit may take, so that an upload is answered within half a minute, its wait for a place in memory included. Milliseconds. */
export const commitMs = 20_000;

export interface CommitObject extends BlobRecord {
  key: string;
  body: ObjectBody;
  metadata?: Readonly<Record<string, string>>;
}

/**
 * Creates the object, in one request when nothing goes wrong. What is not certain is asked: a 412 may be our own success whose
 * answer was lost, and what timed out may have been carried out, or may be later. That is harmless: every attempt of one commit
 * carries the same bytes and the same nonce, and whichever comes late finds the key taken, or leaves a blob without a row.
 * Throws blob_conflict, storage_full, storage_unavailable.
 */
export async function commitObject(
  objects: S3Objects,
  { key, body, metadata = {}, ...record }: CommitObject,
  timeMs = commitMs,
): Promise<'created' | 'adopted'> {
  const nonce = randomBytes(16).toString('hex');
  const moreMs = travelMs(record.byteSize);
  const deadline = new Deadline(timeMs + moreMs);
  try {
    for (;;) {
      const failure = await deadline
        .request((signal) => objects.put(key, { body, nonce, metadata, sha256Hex: record.sha256Hex }, signal), moreMs)
        .then(() => undefined, s3Failure);
      if (failure === undefined) return 'created';
      if (!mayStand(failure) && !failure.passes && failure.status !== 409) throw failure;
      if (mayStand(failure)) {
        const standing = await whatStands(objects, key, { nonce, record, deadline });
        if (standing !== 'nothing') return standing;
      }
      if (!(await deadline.pause())) throw failure;
    }
  } catch (error) {
    throw s3Problem(error);
  }
}

/** Taken, or no answer: the object may be there. A refusal that says "not now" made nothing, or the next attempt meets it. */
function mayStand({ status }: S3Failure): boolean {
  return status === undefined || status === 409 || status === 412;
}

interface Question {
  nonce: string;
  record: BlobRecord;
  deadline: Deadline;
}

async function whatStands(
  objects: S3Objects,
  key: string,
  { deadline, nonce, record }: Question,
): Promise<'created' | 'adopted' | 'nothing'> {
  const facts = await deadline.persist((signal) => objects.facts(key, signal));
  if (facts === undefined) return 'nothing';
  if (facts.nonce === nonce) {
    // Our own object, but not our bytes: a store that does this keeps no evidence.
    if (facts.byteSize !== record.byteSize) throw new S3Failure(200);
    return 'created';
  }
  if (facts.byteSize !== record.byteSize) throw new Problem('blob_conflict');
  const found = await deadline.persist((signal) => hashObject(objects, key, signal), travelMs(record.byteSize));
  // Removed between two looks: the key is free again.
  if (found === undefined) return 'nothing';
  if (found.sha256Hex !== record.sha256Hex) throw new Problem('blob_conflict');
  return 'adopted';
}
