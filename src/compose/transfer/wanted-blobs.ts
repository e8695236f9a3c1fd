import type { WantedBlob } from './blob-place.ts';
import { pagesNamed, type Row, type RowSource } from './rows.ts';

/**
 * The blobs that these rows name. Not those of incidents under deletion: nobody may read them any more, and for the worker that
 * removes them one that is gone is one that is done.
 */
export async function* wantedBlobs(source: RowSource): AsyncGenerator<WantedBlob> {
  const leaving = await incidentsUnderDeletion(source);
  for await (const rows of pagesNamed(source, 'chunks')) {
    for (const row of rows) if (!leaving.has(String(row.incident_id))) yield wantedBlob(row);
  }
}

export interface BlobTotals {
  count: number;
  bytes: number;
}

export async function totalsOf(blobs: AsyncIterable<WantedBlob>): Promise<BlobTotals> {
  const totals = { count: 0, bytes: 0 };
  for await (const { byteSize } of blobs) {
    totals.count += 1;
    totals.bytes += byteSize;
  }
  return totals;
}

async function incidentsUnderDeletion(source: RowSource): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const rows of pagesNamed(source, 'incidents'))
    for (const row of rows) if (row.deletion_state !== 'active') ids.add(String(row.id));
  return ids;
}

function wantedBlob(row: Row): WantedBlob {
  return {
    path: String(row.stored_path),
    byteSize: Number(row.byte_size),
    sha256Hex: String(row.sha256_hex),
    chunkId: String(row.id),
    incidentId: String(row.incident_id),
    streamId: typeof row.stream_id === 'string' ? row.stream_id : null,
  };
}
