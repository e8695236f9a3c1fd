import type { WantedBlob } from './blob-place.ts';
import { pagesNamed, type Row, type RowSource } from './rows.ts';

/**
 * The blobs that these rows name. Not those of incidents and documents under deletion: nobody may read them any more, and for the worker
 * that removes them one that is gone is one that is done.
 */
export async function* wantedBlobs(source: RowSource): AsyncGenerator<WantedBlob> {
  for (const { table, owners, belongsTo, nameOf } of kinds) {
    // A backup from before there was such a table, or a copy without it.
    if (!source.tables.some(({ name }) => name === table)) continue;
    const leaving = owners === undefined ? new Set<string>() : await underDeletion(source, owners);
    for await (const rows of pagesNamed(source, table)) {
      for (const row of rows) {
        if (leaving.has(String(row[belongsTo]))) continue;
        yield {
          path: String(row.stored_path),
          byteSize: Number(row.byte_size),
          sha256Hex: String(row.sha256_hex),
          table,
          id: nameOf(row),
          belongsTo: String(row[belongsTo]),
          streamId: typeof row.stream_id === 'string' ? row.stream_id : null,
        };
      }
    }
  }
}

interface KindOfBlob {
  table: WantedBlob['table'];
  /** The table of what it belongs to, where that can be under deletion. */
  owners?: string;
  belongsTo: string;
  nameOf(row: Row): string;
}

const ofDocument = (table: KindOfBlob['table']): KindOfBlob => ({
  table,
  owners: 'documents',
  belongsTo: 'document_id',
  nameOf: ({ document_id, version }) => `${document_id}/${version}`,
});

const kinds: readonly KindOfBlob[] = [
  { table: 'chunks', owners: 'incidents', belongsTo: 'incident_id', nameOf: ({ id }) => String(id) },
  ofDocument('document_versions'),
  ofDocument('document_thumbnails'),
  {
    table: 'resumable_parts',
    belongsTo: 'upload_id',
    nameOf: ({ upload_id, start_byte }) => `${upload_id}/${start_byte}`,
  },
];

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

async function underDeletion(source: RowSource, owners: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const rows of pagesNamed(source, owners))
    for (const row of rows) if (row.deletion_state !== 'active') ids.add(String(row.id));
  return ids;
}
