import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createWriteStream, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, test } from 'node:test';
import { ProoflineApi } from '#client/index.ts';
import type { RecorderEvent } from '#recorder/recorder-event.ts';
import { lacks } from './support/needs.ts';
import { startRecorder } from './support/recorder.ts';
import { adminPassword, cli, createAccount, scratchFolder, startServer } from './support/server.ts';

const folder = scratchFolder('variants-ffmpeg');
after(() => folder.remove());
const dataDir = join(folder.path, 'data');
const env = { PROOFLINE_PASSWORD: adminPassword };

const acceptedOf = (events: readonly RecorderEvent[], variant: string) =>
  events.filter((event) => event.event === 'accepted' && event.variant === variant).length;

test('a live capture killed in the middle goes on, over a network that is cut: the same moments in every variant', {
  timeout: 120_000,
}, async (t) => {
  if (lacks(t, 'ffmpeg')) return;
  await createAccount(dataDir, 'grace', 'admin');
  await createAccount(dataDir, 'ada', 'user');
  const server = await startServer({ dataDir });
  const state = join(folder.path, 'state');
  const places = join(folder.path, 'places.jsonl');
  writeFileSync(places, '{"lat":48.2,"lon":16.4}\n');
  const source = ['--test-pattern', '--segment', '1s', '--duration', '10s', '--variants', '--context', places];
  const signIn = ['--username', 'ada', '--server', server.url];
  try {
    const first = startRecorder([...source, '--state', state, '--label', 'street', ...signIn], env);
    for (let count = 1; acceptedOf(first.events, 'evidence_master') < 1; count++) await first.accepted(count);
    await first.kill();

    const second = startRecorder(['--resume', state, '--net-offline', '2s-5s', '--net-rate', '300KiB'], env);
    assert.equal(await second.ended, 0, second.stderr());
    const order = second.events.flatMap((event) => (event.event === 'accepted' ? [event.variant] : []));
    assert.ok(order.lastIndexOf('live_preview') < order.lastIndexOf('evidence_master'), order.join(' '));

    const api = new ProoflineApi({ baseUrl: server.url });
    await api.login('ada', adminPassword);
    const incidentId = (await api.incidents()).incidents[0]?.id ?? '';
    const { streams, chunks } = await api.incident(incidentId);
    const group = (await api.captureGroups(incidentId)).capture_groups[0]?.id ?? '';
    const { segments, gaps, overlaps, conflicts } = await api.resolution(incidentId, group);
    assert.deepEqual([gaps.length, overlaps, conflicts], [1, [], []], 'only the time between the two is missing');
    assert.ok(segments.every(({ chosen }) => chosen.variant_role !== 'location_context'));
    const rangesOf = (role: string) => {
      const id = streams.find(({ variant_role }) => variant_role === role)?.id;
      return chunks.filter(({ stream_id }) => stream_id === id).map((chunk) => `${chunk.started_at} ${chunk.ended_at}`);
    };
    const timeline = segments.map((segment) => `${segment.source_started_at} ${segment.source_ended_at}`);
    // What was being staged at the kill may be there in one variant and not in another: so it is told.
    for (const role of ['live_preview', 'audio_priority', 'evidence_master']) {
      const ranges = rangesOf(role);
      assert.ok(ranges.length >= timeline.length - 1 && ranges.every((range) => timeline.includes(range)));
    }
    const fallback = segments.filter(({ chosen }) => chosen.variant_role !== 'evidence_master').length;
    assert.equal(rangesOf('evidence_master').length, segments.length - fallback);

    const bundle = join(folder.path, 'bundle.zip');
    const { body } = await api.downloadBundle(incidentId);
    assert.ok(body);
    await pipeline(Readable.fromWeb(body), createWriteStream(bundle));
    const out = join(folder.path, 'media');
    const verified = await cli(['verify', bundle, '--key-file', join(state, 'key.json'), '--out', out, '--json']);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    const files = readdirSync(out);
    assert.deepEqual(files.map((name) => name.replace(/_.*\./, '.')).sort(), [
      ...['audio.ts', 'location.jsonl', 'video.ts', 'video.ts'],
    ]);
    for (const name of files.filter((file) => file.endsWith('.ts'))) {
      const played = spawnSync('ffmpeg', ['-v', 'fatal', '-i', join(out, name), '-f', 'null', '-'], {
        encoding: 'utf8',
      });
      assert.equal(played.status, 0, played.stderr);
    }
    const place = files.find((file) => file.endsWith('.jsonl')) ?? '';
    assert.equal(JSON.parse(readFileSync(join(out, place), 'utf8').trim()).lat, 48.2);
    t.diagnostic(`${segments.length} moments, ${fallback} without a master, ${chunks.length} chunks, 1 gap`);
  } finally {
    await server.stop();
  }
});
