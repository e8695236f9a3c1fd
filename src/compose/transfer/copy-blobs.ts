import { isProblem } from '#kit/errors.ts';
import { atOnce } from './at-once.ts';
import type { BlobPlace, WantedBlob } from './blob-place.ts';
import { type Damage, damageOf, type Tell } from './transfer-events.ts';

export interface CopyBlobs {
  from: BlobPlace;
  to: BlobPlace;
  blobs: AsyncIterable<WantedBlob>;
  /** Look whether a blob is there already: `size` trusts its length, `hash` reads it. */
  skip: 'nothing' | 'size' | 'hash';
  /** Asked for each damaged blob; false: it need not be told. */
  counts?: (blob: WantedBlob) => Promise<boolean>;
  tell: Tell;
}

export interface CopiedBlobs {
  copied: number;
  copiedBytes: number;
  present: number;
  damaged: Damage[];
  /** Damage that did not count. */
  passedOver: number;
}

const lanes = 16;

/** Copies each blob that is not there yet, and goes on past those that cannot be read: they are returned. */
export async function copyBlobs({ from, to, blobs, skip, counts, tell }: CopyBlobs): Promise<CopiedBlobs> {
  const result: CopiedBlobs = { copied: 0, copiedBytes: 0, present: 0, damaged: [], passedOver: 0 };
  await atOnce(blobs, lanes, async (blob) => {
    if (await isThere(to, blob, skip)) {
      result.present += 1;
      tell({ event: 'blob', bytes: blob.byteSize, copied: false });
      return;
    }
    try {
      await to.put(blob, await from.read(blob));
    } catch (error) {
      if (!isProblem(error, 'evidence_corrupt') && !isProblem(error, 'length_mismatch')) throw error;
      if (counts !== undefined && !(await counts(blob))) {
        result.passedOver += 1;
        return;
      }
      const damage = damageOf(blob, (await from.has(blob)) ? 'different' : await lookAgain(from, blob));
      result.damaged.push(damage);
      tell({ event: 'damage', ...damage });
      return;
    }
    result.copied += 1;
    result.copiedBytes += blob.byteSize;
    tell({ event: 'blob', bytes: blob.byteSize, copied: true });
  });
  await to.flush();
  return result;
}

async function isThere(to: BlobPlace, blob: WantedBlob, skip: CopyBlobs['skip']): Promise<boolean> {
  if (skip === 'nothing') return false;
  return skip === 'size' ? await to.has(blob) : (await to.check(blob)) === 'same';
}

async function lookAgain(from: BlobPlace, blob: WantedBlob): Promise<Damage['found']> {
  return (await from.check(blob)) === 'missing' ? 'missing' : 'different';
}
