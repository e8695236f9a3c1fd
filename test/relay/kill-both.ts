import { setTimeout as pause } from 'node:timers/promises';
import { ProoflineApi } from '#client/api/api.ts';
import { RelayUploads } from '#client/relay/relay-uploads.ts';
import { uploadChunk } from '#client/upload/upload-chunk.ts';
import { endedAt, sha256Hex, startedAt } from '../http/support/client.ts';
import { type Finding, type Progress, silently } from '../support/finding.ts';
import { bytesNamed, type Random, seeded } from '../support/random.ts';
import { chunkName } from '../support/stored-blobs.ts';
import { type MortalPair, openMortalPair } from './support/mortal-pair.ts';

export interface KillBothOptions {
  rounds: number;
  seed: number;
  recorders?: number;
  progress?: Progress;
}

const sizes = [100, 4096, 65_536, 300_000, 1_500_000] as const;
/** A chunk that nobody takes for so long will never be taken. Milliseconds. */
const patienceMs = 120_000;

interface Recording {
  incidentId: string;
  streamId: string;
  accepted: Map<number, { chunkId: string; sha256Hex: string }>;
  bytes: number;
  /** Chunks that the relay said were accepted. */
  relayed: number;
}

/** Recorders go on while the relay and the server behind it are killed in turn, now and then both. Then everything is looked at. */
export async function killBoth(options: KillBothOptions): Promise<Finding> {
  const { rounds, seed, recorders = 4, progress = silently } = options;
  const random = seeded(seed);
  const pair = await openMortalPair('kills');
  const violations: string[] = [];
  const kills = { relay: 0, core: 0 };
  let [acknowledged, relayed] = [0, 0];
  try {
    const ending = { now: false };
    const load = Array.from({ length: recorders }, (_, n) =>
      record(ending, pair, { name: `${seed}-${n}`, random, violations }),
    );
    for (let round = 1; round <= rounds; round++) {
      await pause(random.between(50, 1_500));
      const victims = round % 5 === 0 ? (['relay', 'core'] as const) : ([round % 2 === 0 ? 'core' : 'relay'] as const);
      await Promise.all(victims.map((which) => pair.kill(which)));
      await pause(random.between(0, 500));
      await Promise.all(victims.map((which) => pair.start(which)));
      for (const which of victims) kills[which] += 1;
      if (round % 10 === 0) progress(`${round} of ${rounds} kills`);
    }
    // A relay that did not answer is left alone for seconds.
    await pause(3_000);
    ending.now = true;
    const recordings = await Promise.all(load);
    for (const one of recordings) {
      acknowledged += one.accepted.size;
      relayed += one.relayed;
      violations.push(...(await differences(pair, one)));
    }
    const { bytes_used: used } = (await pair.world.ada.get('/v1/account')).body.quota;
    const sum = recordings.reduce((total, { bytes }) => total + bytes, 0);
    if (used !== sum) violations.push(`bytes_used is ${used}, the accepted chunks have ${sum}`);
    const { staged, window, files } = await pair.held();
    if (staged !== window || !(files <= window))
      violations.push(`the relay holds ${staged} bytes, ${files} of them in files, and shows ${window}`);
    if (relayed === 0 || relayed === acknowledged) violations.push('one way was never gone: the test is blind');
  } finally {
    await pair.close();
  }
  violations.push(...pair.errors());
  return {
    section: 'relay',
    fault: `kill -9 of the relay and of the server behind it, in turn and at once, while ${recorders} recorders upload`,
    held: 'every acknowledged chunk is there with its bytes, once, whichever way it came; nothing else is there, on either disk',
    filesystem: 'as the machine has it',
    rounds,
    acknowledged,
    violations,
    seed,
    note: `relay killed ${kills.relay} times, server ${kills.core} times; ${relayed} chunks acknowledged through the relay, ${acknowledged - relayed} past it or found there by asking`,
  };
}

interface Recorder {
  name: string;
  random: Random;
  violations: string[];
}

async function record(ending: { now: boolean }, { world }: MortalPair, recorder: Recorder): Promise<Recording> {
  const { name, random, violations } = recorder;
  const incidentId = await world.ada.incident();
  const streamId = await world.ada.stream(incidentId);
  const recording: Recording = { incidentId, streamId, accepted: new Map(), bytes: 0, relayed: 0 };
  const uploads = new RelayUploads({
    core: new ProoflineApi({ baseUrl: world.server.url, token: world.ada.token }),
    incidentId,
    streamId,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (response.ok) recording.relayed += 1;
      return response;
    },
  });
  for (let index = 1; !ending.now; index++) {
    const bytes = new Uint8Array(bytesNamed(`${name}-${index}`, random.pick(sizes)));
    const facts = {
      ...{ incident_id: incidentId, stream_id: streamId, chunk_index: index, media_type: 'video' as const },
      ...{ started_at: startedAt, ended_at: endedAt, sha256_hex: sha256Hex(bytes), byte_size: bytes.length },
    };
    const upload = { facts, bytes, idempotencyKey: `${name}-${index}` };
    const signal = AbortSignal.timeout(patienceMs);
    const wait = { baseMs: 20, maxMs: 200, attemptTimeoutMs: 10_000, signal };
    const outcome = await uploadChunk({ api: uploads }, upload, wait).catch(String);
    if (typeof outcome === 'string' || outcome.status !== 'accepted') {
      violations.push(`chunk ${index} was not taken: ${JSON.stringify(outcome)}`);
      return recording;
    }
    recording.accepted.set(index, { chunkId: outcome.chunkId, sha256Hex: facts.sha256_hex });
    recording.bytes += bytes.length;
    await pause(random.between(0, 60));
  }
  return recording;
}

async function differences({ world }: MortalPair, recording: Recording): Promise<string[]> {
  const { accepted, incidentId, streamId } = recording;
  const wrong: string[] = [];
  const path = `/v1/incidents/${incidentId}`;
  const rows: { id: string; chunk_index: number }[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page = await world.ada.get(`${path}/chunks?limit=200${cursor && `&cursor=${cursor}`}`);
    rows.push(...page.body.chunks);
    cursor = page.body.next_cursor;
  }
  const ids = new Map(rows.map(({ id, chunk_index }) => [chunk_index, id]));
  if (ids.size !== rows.length) wrong.push(`${rows.length - ids.size} chunks are there twice`);
  if (ids.size !== accepted.size) wrong.push(`${accepted.size} chunks accepted, ${ids.size} there`);
  const names = await world.blobs.list(`incidents/${incidentId}`);
  if (names.length !== accepted.size) wrong.push(`${accepted.size} chunks accepted, ${names.length} blobs`);
  for (const [index, { chunkId, sha256Hex: hash }] of accepted) {
    const bytes = await world.blobs.read(chunkName(incidentId, streamId, index));
    if (ids.get(index) !== chunkId) wrong.push(`chunk ${index}: accepted, and ${ids.has(index) ? 'another' : 'gone'}`);
    else if (bytes === undefined || sha256Hex(bytes) !== hash)
      wrong.push(`chunk ${index}: its bytes are gone or other`);
  }
  const completed = await world.ada.post(`${path}/streams/${streamId}/complete`, { expected_chunk_count: ids.size });
  if (completed.status !== 200) wrong.push(`the stream cannot be completed: ${completed.code}`);
  return wrong;
}
