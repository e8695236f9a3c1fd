import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ChunkBinding, decryptChunk } from '#client/index.ts';
import { seededRandom } from '#recorder/network/random.ts';
import { generatedBytes } from '#recorder/sources/generated.ts';
import { loadKey } from '#recorder/staging/key-on-disk.ts';
import { type DoubleStream, type Fault, startEvidenceDouble } from './support/evidence-double.ts';
import { startRecorder } from './support/recorder.ts';
import { scratchFolder } from './support/server.ts';

const folder = scratchFolder('kill');
after(() => folder.remove());

const segments = 30;
const size = 3000;
const env = { PROOFLINE_PASSWORD: 'correct horse battery' };

/** Plays one recording whose recorder is killed again and again at moments drawn from `seed`, over a failing server. */
async function playAndKill(seed: number): Promise<{ kills: number; staged: number }> {
  const random = seededRandom(seed);
  const double = await startEvidenceDouble();
  const faults: Fault[] = [
    { kind: 'lost' },
    { kind: 'cut' },
    { kind: 'before', status: 503, code: 'storage_unavailable' },
  ];
  double.fault = () => (random() < 0.15 ? faults[Math.floor(random() * faults.length)] : undefined);
  const state = join(folder.path, `state-${seed}`);
  const source = [
    '--generate',
    `${segments}x${size}`,
    '--every',
    '20ms',
    '--state',
    state,
    '--username',
    'ada',
    '--server',
    double.url,
  ];
  let kills = 0;
  try {
    for (let run = 0; ; run++) {
      const begun = run > 0 && existsSync(join(state, 'recording.json'));
      const recorder = startRecorder(begun ? ['--resume', state] : source, env);
      // The first few runs are killed, some before they have done anything; the last may finish.
      const patience = run < 8 ? setTimeout(() => recorder.process.kill('SIGKILL'), 250 + random() * 900) : undefined;
      const code = await recorder.ended;
      clearTimeout(patience);
      if (code === null) kills += 1;
      else {
        assert.equal(code, 0, recorder.stderr() + JSON.stringify(recorder.events.slice(-3)));
        break;
      }
    }
    const staged = (await readFile(join(state, 'journal.ndjson'), 'utf8')).match(/"staged"/g)?.length ?? 0;
    assert.equal(double.incidents.size, 1);
    const [stream]: DoubleStream[] = [...double.streams.values()];
    assert.ok(stream && double.streams.size === 1);
    assert.deepEqual([stream.status, stream.chunks.size, staged], ['complete', segments, segments]);
    const key = await loadKey(join(state, 'key.json'));
    for (const [chunkIndex, chunk] of stream.chunks) {
      const place: ChunkBinding = {
        incidentId: stream.incidentId,
        streamId: stream.id,
        mediaType: 'video',
        chunkIndex,
      };
      assert.deepEqual(
        await decryptChunk(key, place, new Uint8Array(chunk.bytes)),
        generatedBytes(1, chunkIndex, size),
      );
    }
    return { kills, staged };
  } finally {
    await double.close();
  }
}

test('a recorder killed at any moment goes on, and every chunk is there once and right', {
  timeout: 240_000,
}, async (context) => {
  let kills = 0;
  for (const seed of [1, 2, 3]) kills += (await playAndKill(seed)).kills;
  assert.ok(kills >= 3, 'the kills came too late to test anything');
  context.diagnostic(`${kills} kills, 3 recordings of ${segments} chunks, 0 lost, 0 twice`);
});
