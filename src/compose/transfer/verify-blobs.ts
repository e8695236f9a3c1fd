import { createHash } from 'node:crypto';
import { incidentById, streamBundle, streamManifestShape } from '#features/incidents/index.ts';
import { isProblem } from '#kit/errors.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { atOnce } from './at-once.ts';
import { type BlobPlace, storeBlobs, type WantedBlob } from './blob-place.ts';
import { databaseRows, pagesNamed, type Row, type RowSource } from './rows.ts';
import { storedTables, unfinishedTables } from './stored-tables.ts';
import type { Damage, Tell } from './transfer-events.ts';
import { TransferFailure } from './transfer-failure.ts';
import { wantedBlobs } from './wanted-blobs.ts';

export interface VerifyBlobs {
  metadata: Metadata;
  blobs: BlobStore;
  /** Known to be so, and accepted. */
  damaged: readonly Damage[];
  tell: Tell;
}

export interface VerifiedBlobs {
  /** Opened and hashed, each one. */
  blobs: number;
  bytes: number;
  /** Complete streams whose bundle was built and compared. */
  bundles: number;
}

const lanes = 8;

/**
 * Opens every blob of a filled store through its own rows: those of complete streams as their bundle, which must hold what its
 * manifest says; the others by themselves. Throws TransferFailure when one is not right.
 */
export async function verifyBlobs({ metadata, blobs, damaged, tell }: VerifyBlobs): Promise<VerifiedBlobs> {
  const verified: VerifiedBlobs = { blobs: 0, bytes: 0, bundles: 0 };
  const rows = databaseRows(metadata.read, [...storedTables, ...unfinishedTables]);
  const known = new Set(damaged.map(({ id }) => id));
  const broken = await streamsOf(rows, known);
  const bundled = new Set<string>();
  const wrong: string[] = [];
  const count = (bytes: number) => {
    verified.blobs += 1;
    verified.bytes += bytes;
    tell({ event: 'blob', bytes, copied: true });
  };
  await atOnce(completeStreams(rows), lanes, async ({ id, incident_id }) => {
    const [streamId, incidentId] = [String(id), String(incident_id)];
    const incident = await incidentById(metadata.read, incidentId);
    if (incident?.deletion_state !== 'active' || broken.has(streamId)) return;
    bundled.add(streamId);
    if (await isWholeBundle({ metadata, blobs }, incident, streamId, count)) verified.bundles += 1;
    else wrong.push(streamId);
  });
  const place: BlobPlace = storeBlobs(blobs);
  await atOnce(wantedBlobs(rows), lanes, async (blob: WantedBlob) => {
    if ((blob.streamId !== null && bundled.has(blob.streamId)) || known.has(blob.id)) return;
    if ((await place.check(blob)) === 'same') count(blob.byteSize);
    else wrong.push(blob.id);
  });
  if (wrong.length === 0) return verified;
  throw new TransferFailure(
    'damaged',
    `${wrong.length} streams or blobs cannot be read back as they should be, the first of them ${wrong[0]}.`,
    'Do not use this store. Empty the place and begin anew; suspect the disk or the service behind it.',
  );
}

type Deps = Parameters<typeof streamBundle>[0];
type Incident = Parameters<typeof streamBundle>[1];

async function isWholeBundle(
  deps: Deps,
  incident: Incident,
  id: string,
  count: (bytes: number) => void,
): Promise<boolean> {
  try {
    const { entries } = await streamBundle(deps, incident, id);
    const [first, ...chunks] = entries;
    if (first === undefined) return false;
    const text: Buffer[] = [];
    for await (const piece of first.content()) text.push(piece);
    const manifest = streamManifestShape.parse(JSON.parse(Buffer.concat(text).toString('utf8')));
    if (manifest.chunks.length !== chunks.length) return false;
    for (const [n, chunk] of chunks.entries()) {
      const hash = createHash('sha256');
      for await (const piece of chunk.content()) hash.update(piece);
      const expected = manifest.chunks[n];
      if (hash.digest('hex') !== expected?.sha256_hex || chunk.byteSize !== expected.byte_size) return false;
      count(chunk.byteSize);
    }
    return true;
  } catch (error) {
    if (isProblem(error, 'incident_bundle_inconsistent') || isProblem(error, 'evidence_corrupt')) return false;
    throw error;
  }
}

async function* completeStreams(source: RowSource): AsyncGenerator<Row> {
  for await (const rows of pagesNamed(source, 'media_streams'))
    for (const row of rows) if (row.status === 'complete') yield row;
}

/** The streams that these chunks are in. */
async function streamsOf(source: RowSource, chunkIds: ReadonlySet<string>): Promise<Set<string>> {
  const streams = new Set<string>();
  if (chunkIds.size === 0) return streams;
  for await (const rows of pagesNamed(source, 'chunks'))
    for (const { id, stream_id } of rows) if (chunkIds.has(String(id))) streams.add(String(stream_id));
  return streams;
}
