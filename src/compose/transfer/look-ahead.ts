import { atOnce } from './at-once.ts';
import { fillingMarkPath, readFillingMark } from './being-filled.ts';
import type { BlobPlace } from './blob-place.ts';
import { refuseBlobs, refuseRows } from './fill-store.ts';
import type { Places } from './places.ts';
import type { RowSource } from './rows.ts';
import { type Damage, damageOf, type Tell } from './transfer-events.ts';
import { wantedBlobs } from './wanted-blobs.ts';

const lanes = 8;

/** Reads and hashes every blob that these rows name, and returns those that are not right. */
export async function damagedBlobs(place: BlobPlace, rows: RowSource, tell: Tell): Promise<Damage[]> {
  const damaged: Damage[] = [];
  await atOnce(wantedBlobs(rows), lanes, async (blob) => {
    const found = await place.check(blob);
    tell({ event: 'blob', bytes: blob.byteSize, copied: true });
    if (found === 'same') return;
    const damage = damageOf(blob, found);
    damaged.push(damage);
    tell({ event: 'damage', ...damage });
  });
  return damaged;
}

/** Throws TransferFailure where rows are. A place that was begun to be filled may go on; by which source is told when it does. */
export async function refuseFullRows({ rows }: Places, source: Pick<RowSource, 'tables'>): Promise<void> {
  if (!(await rows.exists())) return;
  // Takes no migration: whoever only looks changes nothing.
  const metadata = await rows.open('');
  try {
    if ((await readFillingMark(metadata.read)) === undefined) await refuseRows(metadata, source);
  } finally {
    await metadata.close();
  }
}

export async function refuseFullBlobs({ blobs }: Places): Promise<void> {
  if (!(await blobs.exists())) return;
  const store = await blobs.open();
  try {
    if ((await store.size(fillingMarkPath)) === undefined) await refuseBlobs(store);
  } finally {
    await store.close();
  }
}
