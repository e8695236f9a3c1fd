import { createHash } from 'node:crypto';
import { chunkName } from '../../support/stored-blobs.ts';
import { type VariantName, variants } from './capture-session.ts';
import type { World } from './world.ts';

/** Written beside the server: what a recording of hours would take to upload, or what must have ids that a test knows. */
export interface StoredGroup {
  incident: string;
  group: string;
  segments: number;
  variants: Partial<Record<VariantName, { stream: string; bytes: number; complete: boolean }>>;
}

const at = (second: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, second)).toISOString();
/** The same bytes in every run, others in every chunk. */
const bytesOf = (name: string, size: number) => {
  const seed = createHash('sha256').update(name).digest();
  return Buffer.alloc(size, seed);
};

export async function storeGroup(world: World, given: StoredGroup): Promise<void> {
  const { incident, group } = given;
  const streams = Object.entries(given.variants).map(([name, of]) => ({
    ...of,
    variant: variants[name as VariantName],
  }));
  const chunks: {
    id: string;
    stream: string;
    place: number;
    path: string;
    size: number;
    sha256: string;
    type: string;
  }[] = [];
  for (const { stream, bytes: size, variant } of streams)
    for (let place = 0; place < given.segments; place++) {
      const path = chunkName(incident, stream, place + 1, variant.media_type);
      const content = bytesOf(`${stream} ${place}`, size);
      const sha256 = createHash('sha256').update(content).digest('hex');
      await world.blobs.write(path, content);
      chunks.push({ id: `chk_${stream}_${place}`, stream, place, path, size, sha256, type: variant.media_type });
    }
  await world.rows(async (query) => {
    const insert = async (table: string, row: Record<string, string | number | null>) => {
      const names = Object.keys(row);
      const places = names.map(() => '?').join(', ');
      await query(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`, ...Object.values(row));
    };
    const began = { created_at: at(0), updated_at: at(0) };
    await insert('incidents', { id: incident, owner_account_id: world.accounts.ada, status: 'open', ...began });
    const source = { capture_source_id: 'Phone.1', source_clock_id: 'clock:1', label: 'Küche "2" \u{1f4f7}' };
    await insert('capture_groups', { id: group, incident_id: incident, ...source, created_at: at(0) });
    for (let place = 0; place < given.segments; place++)
      await insert('source_segments', {
        capture_group_id: group,
        source_segment_id: `${place % 2 === 0 ? 'seg' : 'Seg'}:${place}`,
        source_sequence: place,
        source_started_at: at(place * 2),
        source_ended_at: at(place * 2 + 2),
      });
    for (const { stream, bytes, complete, variant } of streams)
      await insert('media_streams', {
        id: stream,
        incident_id: incident,
        ...variant,
        status: complete ? 'complete' : 'open',
        expected_chunk_count: complete ? given.segments : null,
        chunk_count: given.segments,
        byte_count: bytes * given.segments,
        ...began,
        completed_at: complete ? at(given.segments * 2) : null,
        capture_group_id: group,
      });
    for (const { id, stream, place, path, size, sha256, type } of chunks) {
      await insert('chunks', {
        id,
        incident_id: incident,
        stream_id: stream,
        chunk_index: place + 1,
        media_type: type,
        // Fractions of every length that both databases keep.
        started_at: at(place * 2).replace('.000Z', ['.000Z', '.1234Z', '.000001Z'][place % 3] ?? ''),
        ended_at: at(place * 2 + 2),
        original_filename: place === 0 ? 'clip ß.mp4' : null,
        stored_path: path,
        byte_size: size,
        sha256_hex: sha256,
        created_at: at(place * 2 + 3),
      });
      const segment = `${place % 2 === 0 ? 'seg' : 'Seg'}:${place}`;
      await insert('chunk_sources', {
        chunk_id: id,
        capture_group_id: group,
        source_segment_id: segment,
        stream_id: stream,
        context_digest: place % 2 === 0 ? null : sha256,
      });
    }
  });
}
