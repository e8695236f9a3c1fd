import { Problem } from '#kit/errors.ts';
import { encryptionStatement } from '#kit/evidence/bundle/group-manifest.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Db, Metadata } from '#platform/metadata/metadata.ts';
import { checkinJson } from '../check-ins/check-ins.json.ts';
import { latestCheckins } from '../check-ins/check-ins.store.ts';
import { chunkFileName } from '../chunks/chunk-identity.ts';
import { type ChunkRow, chunksOfStream } from '../chunks/chunks.store.ts';
import { assertNotDeleting, type IncidentRow } from '../incident-access.ts';
import { incidentJson } from '../incidents.json.ts';
import { type StreamRow, streamOf, streamsOf } from '../streams/streams.store.ts';
import { assertBlobsThere, chunkEntry, textEntry } from './bundle-entries.ts';
import { streamManifest } from './manifest.ts';
import { type ZipEntry, zipSize } from './zip-writer.ts';

export interface Bundle {
  filename: string;
  entries: readonly ZipEntry[];
  /** Of the whole archive. Bytes. */
  byteSize: number;
  modifiedAt: Date;
}

export interface BundleDeps {
  metadata: Metadata;
  blobs: BlobStore;
}

/** The bundle of one complete stream. Throws stream_not_found, stream_not_complete, incident_bundle_inconsistent, incident_deleting. */
export async function streamBundle(deps: BundleDeps, incident: IncidentRow, streamId: string): Promise<Bundle> {
  assertNotDeleting(incident);
  const stream = await streamOf(deps.metadata.read, incident.id, streamId);
  if (stream.status !== 'complete') throw new Problem('stream_not_complete');
  return bundle(
    `incident_${incident.id}_${stream.media_type}_${stream.id}.zip`,
    await streamEntries(deps, stream, ''),
    stream.completed_at,
  );
}

/** All complete streams of an incident. One that cannot be rebuilt stops the whole: a partial bundle would look like a whole one. */
export async function incidentBundle(deps: BundleDeps, incident: IncidentRow): Promise<Bundle> {
  assertNotDeleting(incident);
  const { read } = deps.metadata;
  const streams = (await streamsOf(read, incident.id)).filter((stream) => stream.status === 'complete');
  const parts = await Promise.all(streams.map((stream) => streamEntries(deps, stream, `streams/${stream.id}/`)));
  const checkin = (await latestCheckins(read, incident.id, 1))[0];
  const generatedAt = timestamp(Date.now());
  const manifest = {
    incident: incidentJson(incident),
    ...(checkin === undefined ? {} : { latest_checkin: checkinJson(checkin) }),
    encryption: encryptionStatement,
    streams: streams.map((stream) => {
      const { chunks: _, ...summary } = streamManifest(stream, []);
      return { ...summary, chunk_count: stream.chunk_count, total_bytes: stream.byte_count };
    }),
    stream_count: streams.length,
    total_bytes: streams.reduce((total, stream) => total + stream.byte_count, 0),
    generated_at: generatedAt,
  };
  return bundle(`incident_${incident.id}.zip`, [jsonEntry('manifest.json', manifest), ...parts.flat()], generatedAt);
}

export function bundle(filename: string, entries: readonly ZipEntry[], at: string | null): Bundle {
  return { filename, entries, byteSize: zipSize(entries), modifiedAt: new Date(at ?? 0) };
}

async function streamEntries(deps: BundleDeps, stream: StreamRow, folder: string): Promise<ZipEntry[]> {
  const chunks = await allChunks(deps.metadata.read, stream);
  const complete =
    chunks.length === stream.expected_chunk_count && chunks.every((chunk, i) => chunk.chunk_index === i + 1);
  if (!complete) throw new Problem('incident_bundle_inconsistent');
  await assertBlobsThere(deps.blobs, chunks);
  return [
    jsonEntry(`${folder}manifest.json`, streamManifest(stream, chunks)),
    ...chunks.map((chunk) =>
      chunkEntry(deps.blobs, `${folder}chunks/${chunkFileName(chunk.media_type, chunk.chunk_index)}`, chunk),
    ),
  ];
}

async function allChunks(db: Db, stream: StreamRow): Promise<ChunkRow[]> {
  const pageSize = 5_000;
  const chunks: ChunkRow[] = [];
  for (;;) {
    const page = await chunksOfStream(db, stream.incident_id, stream.id, chunks.at(-1)?.chunk_index ?? 0, pageSize);
    chunks.push(...page);
    if (page.length < pageSize) return chunks;
  }
}

function jsonEntry(name: string, value: unknown): ZipEntry {
  return textEntry(name, `${JSON.stringify(value, null, 2)}\n`);
}
