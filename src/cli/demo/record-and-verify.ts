import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { verifyBundle } from '#client/bundle/verify-bundle.ts';
import {
  type ChunkKey,
  type ChunkUpload,
  createKey,
  encryptChunk,
  ProoflineApi,
  serialiseKey,
  uploadChunk,
} from '#client/index.ts';
import { mediaFiles } from '#recorder/bundle/media-files.ts';
import { nodeDigest, openZipBundle } from '#recorder/bundle/zip-bundle.ts';
import { showBytes } from '#recorder/measures.ts';
import { demoMedia } from './demo-media.ts';
import { loseOneAnswer } from './lose-one-answer.ts';
import type { DemoServer } from './start-demo-server.ts';

export interface Demo {
  server: DemoServer;
  folder: string;
  /** Between two chunks. Milliseconds. */
  paceMs: number;
  /** The folder is there afterwards, for the person to look into. */
  stays: boolean;
  say: (line: string) => void;
  /** With two nodes: the one that is left when the other is killed in the middle. */
  survives?: { name: string; url: string; other: string; killOther(): Promise<void> };
}

/** The chunk before which a node is killed. */
const fatal = 7;

/** Plays a recording from the first byte to the verified bundle. True when what came back is what went in. */
export async function recordAndVerify(demo: Demo): Promise<boolean> {
  const { server, folder, say, survives } = demo;
  const network = loseOneAnswer();
  const api = new ProoflineApi({ baseUrl: server.url, fetch: network.fetch });
  const key = createKey();
  const keyFile = join(folder, 'key.json');
  await writeFile(keyFile, serialiseKey(key), { mode: 0o600 });

  say(
    `Server    ${server.url}${survives === undefined ? '' : `   (a balancer before ${survives.other} and ${survives.name})`}`,
  );
  say(`Admin     ${server.adminUrl}/admin   (sign in as ${server.username}, password ${server.password})`);
  await api.login(server.username, server.password);
  const { incident_id: incidentId } = await api.createIncident({
    client_label: 'Demo',
    incident_mode: 'evidence_note',
  });
  const stream = await api.createStream(incidentId, { media_type: 'video', label: 'Camera' });
  const link = await api.createViewerToken(incidentId, { label: 'A contact' });
  say(`Viewer    ${api.viewerUrl(link.token)}   (live while this runs)`);
  await api.checkIn(incidentId, {
    device_battery_percent: 64,
    device_network: 'wifi',
    latitude: 52.5163,
    longitude: 13.3777,
    accuracy_meters: 12,
  });

  const media = await demoMedia();
  say(`Recording ${media.description}; encrypted here, the key stays in ${keyFile}\n`);
  const input = createHash('sha256');
  let last: ChunkUpload | undefined;
  let count = 0;
  for await (const segment of media.source.segments({ after: undefined, signal: new AbortController().signal })) {
    count += 1;
    input.update(segment.bytes);
    const place = { incidentId, streamId: stream.id, mediaType: 'video', chunkIndex: count } as const;
    last = await chunkOf(key, place, segment);
    if (count === 4) network.loseNext();
    if (count === fatal && survives !== undefined) {
      await survives.killOther();
      say(`  ${survives.other} was killed (kill -9); the recording goes on at ${survives.name}`);
    }
    const outcome = await uploadChunk({ api }, last, { baseMs: 200 });
    if (outcome.status !== 'accepted') throw new Error(`chunk ${count} was ${outcome.status}`);
    const cause = count === 4 ? 'answer lost once; ' : '';
    const tries = outcome.attempts > 1 ? `   ${cause}${outcome.attempts} tries, ${outcome.how}, one effect` : '';
    say(`  chunk ${String(count).padStart(2)}  ${showBytes(last.bytes.length).padStart(9)}  accepted${tries}`);
    await pause(demo.paceMs);
  }
  if (last === undefined) throw new Error('the source gave nothing');
  const replay = await api.putChunk(last.facts, last.bytes, { idempotencyKey: last.idempotencyKey });
  say(
    `  chunk ${String(count).padStart(2)}  sent again under its key: ${replay.replayed ? 'the same answer, no second chunk' : 'accepted twice'}`,
  );

  await api.completeStream(incidentId, stream.id, count);
  await api.closeIncident(incidentId);
  const bundle = join(folder, 'incident.zip');
  const reader = survives === undefined ? api : new ProoflineApi({ baseUrl: survives.url });
  if (survives !== undefined) await reader.login(server.username, server.password);
  const download = await reader.downloadBundle(incidentId);
  if (download.body === null) throw new Error('the bundle has no body');
  await pipeline(Readable.fromWeb(download.body), createWriteStream(bundle));

  const sink = mediaFiles(join(folder, 'media'));
  const report = await verifyBundle(await openZipBundle(bundle), { key, sink, digest: nodeDigest });
  const [written] = [...sink.written.values()];
  const output =
    written === undefined
      ? ''
      : createHash('sha256')
          .update(await readFile(written))
          .digest('hex');
  const same = output === input.digest('hex');

  say(`\nBundle    ${bundle}   ${report.ok ? 'verified: manifest, hashes, order and decryption' : 'NOT VERIFIED'}`);
  for (const { message } of report.failures) say(`          ${message}`);
  say(
    `Media     ${written}   ${same ? 'equal to what was recorded, byte for byte' : 'DIFFERS from what was recorded'}`,
  );
  const death = survives === undefined ? '' : `, 1 node of 2 killed; the bundle is ${survives.name}'s`;
  say(`\n${count} chunks, 1 lost answer mended, ${replay.replayed ? 1 : 0} replay${death}.`);
  if (demo.stays) say(`Check it yourself, offline:\n  bin/proofline verify ${bundle} --key-file ${keyFile}`);
  return report.ok && same && replay.replayed;
}

type Place = Parameters<typeof encryptChunk>[1];

async function chunkOf(
  key: ChunkKey,
  place: Place,
  segment: { bytes: Uint8Array<ArrayBuffer>; startedAt: string; endedAt: string },
): Promise<ChunkUpload> {
  const bytes = await encryptChunk(key, place, segment.bytes);
  return {
    bytes,
    idempotencyKey: randomUUID(),
    facts: {
      incident_id: place.incidentId,
      stream_id: place.streamId,
      chunk_index: place.chunkIndex,
      media_type: place.mediaType,
      started_at: segment.startedAt,
      ended_at: segment.endedAt,
      sha256_hex: createHash('sha256').update(bytes).digest('hex'),
      byte_size: bytes.length,
    },
  };
}
