import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, test } from 'node:test';
import { ProoflineApi } from '#client/index.ts';
import { lacks } from './support/needs.ts';
import { startRecorder } from './support/recorder.ts';
import { adminPassword, cli, createAccount, scratchFolder, startServer } from './support/server.ts';

const folder = scratchFolder('recorder');
after(() => folder.remove());

/** Three minutes of moving picture and tone in about 4 MB; without ffmpeg the test cannot be what it says. */
function makeVideo(path: string): void {
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=256x144:rate=8', '-f', 'lavfi', '-i', 'sine=frequency=300'];
  const small = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-b:v',
    '110k',
    '-maxrate',
    '130k',
    '-bufsize',
    '200k',
    '-c:a',
    'aac',
    '-b:a',
    '32k',
  ];
  const made = spawnSync('ffmpeg', ['-v', 'error', ...picture, '-t', '180', ...small, '-f', 'mpegts', path], {
    encoding: 'utf8',
  });
  assert.equal(made.status, 0, made.stderr);
}

test('a video through a slow, failing network, recorder and server killed, comes back byte for byte', {
  timeout: 180_000,
}, async (t) => {
  if (lacks(t, 'ffmpeg')) return;
  const video = join(folder.path, 'walk.ts');
  makeVideo(video);
  const original = await readFile(video);
  assert.ok(original.length > 2_500_000 && original.length < 8_000_000, String(original.length));

  const dataDir = join(folder.path, 'data');
  // Without an administrator a server refuses everything.
  await createAccount(dataDir, 'grace', 'admin');
  await createAccount(dataDir, 'ada', 'user');
  let server = await startServer({ dataDir });
  const address = { SAFE_MAIN_BIND_ADDRS: new URL(server.url).host };
  const state = join(folder.path, 'state');
  const env = { PROOFLINE_PASSWORD: adminPassword };
  const network = [
    '--net-rate',
    '256KiB',
    '--net-fail',
    '20%',
    '--net-latency',
    '20ms',
    '--net-jitter',
    '40ms',
    '--in-flight',
    '4',
  ];
  const begin = [
    '--files',
    video,
    '--chunk-bytes',
    '64KiB',
    '--state',
    state,
    '--server',
    server.url,
    '--username',
    'ada',
    '--label',
    'walk',
    '--close',
  ];
  try {
    const first = startRecorder([...begin, ...network, '--net-seed', '1'], env);
    await first.accepted(8);
    await first.kill();

    const second = startRecorder(['--resume', state, ...network, '--net-seed', '2'], env);
    await second.accepted(8);
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, 700));
    server = await startServer({ dataDir, env: address });
    await second.accepted(20);
    await Promise.all([second.kill(), server.kill()]);

    server = await startServer({ dataDir, env: address });
    const third = startRecorder(['--resume', state, ...network, '--net-seed', '3'], env);
    assert.equal(await third.ended, 0, third.stderr());
    assert.deepEqual(await readdir(join(state, 'chunks')), []);

    const api = new ProoflineApi({ baseUrl: server.url });
    await api.login('ada', adminPassword);
    const { incidents } = await api.incidents();
    assert.equal(incidents.length, 1, 'kills and lost answers made no second incident');
    const incident = incidents[0];
    assert.ok(incident?.status === 'closed');
    const bundle = join(folder.path, 'bundle.zip');
    const { body } = await api.downloadBundle(incident.id);
    assert.ok(body);
    await pipeline(Readable.fromWeb(body), createWriteStream(bundle));

    const out = join(folder.path, 'media');
    const verified = await cli(['verify', bundle, '--key-file', join(state, 'key.json'), '--out', out, '--json']);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    const report = JSON.parse(verified.stdout);
    assert.equal(report.streams.length, 1);
    assert.equal(report.streams[0].chunks_decrypted, Math.ceil(original.length / 65_536));
    const [name = ''] = await readdir(out);
    assert.match(name, /\.ts$/);
    assert.ok(original.equals(await readFile(join(out, name))), 'the media differ');
  } finally {
    await server.kill();
  }
});
