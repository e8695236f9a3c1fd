import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createKey, encryptChunk, serialiseKey } from '#client/index.ts';
import { zip, zipOf } from './support/evidence-double.ts';
import { cli, scratchFolder } from './support/server.ts';

const folder = scratchFolder('verify');
after(() => folder.remove());

const key = createKey();
const words = ['Where were you ', 'that evening, ', 'and who was with you?'];
const keyFile = join(folder.path, 'key.json');
const bundle = join(folder.path, 'bundle.zip');
const startedAt = '2026-01-02T03:04:05.000Z';
let bytes: Buffer;

before(async () => {
  const chunks = new Map<number, { id: string; bytes: Buffer; startedAt: string; endedAt: string; key: undefined }>();
  for (const [position, text] of words.entries()) {
    const place = { incidentId: 'inc_1', streamId: 'str_1', mediaType: 'audio', chunkIndex: position + 1 } as const;
    const sealed = await encryptChunk(key, place, new TextEncoder().encode(text));
    chunks.set(position + 1, {
      id: `chk_${position}`,
      bytes: Buffer.from(sealed),
      startedAt,
      endedAt: startedAt,
      key: undefined,
    });
  }
  bytes = await zipOf({
    id: 'str_1',
    incidentId: 'inc_1',
    mediaType: 'audio',
    label: undefined,
    status: 'complete',
    chunks,
  });
  await writeFile(bundle, bytes);
  await writeFile(keyFile, serialiseKey(key));
});

test('a good bundle: exit code 0, and the media in one file that is not overwritten', async () => {
  const plain = await cli(['verify', bundle]);
  assert.equal(plain.code, 0, plain.stderr);
  assert.match(plain.stdout, /3 of 3 chunks verified/);
  const out = join(folder.path, 'out');
  const opened = await cli(['verify', bundle, '--key-file', keyFile, '--out', out]);
  assert.equal(opened.code, 0, opened.stderr);
  const [name = '', ...more] = await readdir(out);
  assert.deepEqual([name, more], ['audio_str_1.bin', []]);
  assert.equal(await readFile(join(out, name), 'utf8'), words.join(''));
  const again = await cli(['verify', bundle, '--key-file', keyFile, '--out', out]);
  assert.equal(again.code, 73);
  assert.match(again.stderr, /is not overwritten/);
  assert.deepEqual(await readdir(out), [name]);
});

test('a changed bundle: exit code 1, every failure named, nothing written', async () => {
  const changed = Buffer.from(bytes);
  const at = changed.indexOf('SRCENC1') + 300;
  changed[at] = (changed[at] ?? 0) ^ 1;
  const path = join(folder.path, 'changed.zip');
  await writeFile(path, changed);
  const out = join(folder.path, 'nothing');
  const result = await cli(['verify', path, '--key-file', keyFile, '--out', out, '--json']);
  assert.equal(result.code, 1);
  const report = JSON.parse(result.stdout);
  assert.deepEqual([report.ok, report.failures.length, report.written], [false, 1, {}]);
  assert.deepEqual(await readdir(out).catch(() => []), []);
  const text = await cli(['verify', path]);
  assert.match(text.stdout, /NOT VERIFIED/);
});

test('a file cut short, a missing file, a wrong key and wrong options have exit codes of their own', async () => {
  const cut = join(folder.path, 'cut.zip');
  await writeFile(cut, bytes.subarray(0, -30));
  const results = await Promise.all([
    cli(['verify', cut]),
    cli(['verify', join(folder.path, 'none.zip')]),
    cli(['verify', bundle, '--key-file', join(folder.path, 'none.json')]),
    cli(['verify', bundle, '--key-file', bundle]),
    cli(['verify', bundle, '--out', folder.path]),
    cli(['verify']),
    cli(['verify', bundle, '--nonsense']),
  ]);
  assert.deepEqual(
    results.map(({ code }) => code),
    [1, 66, 66, 66, 2, 2, 2],
  );
  assert.ok(
    results.every(({ stderr }) => !stderr.includes('    at ')),
    'nobody is shown a stack',
  );
});

test('names from a hostile bundle neither leave the folder nor steer the terminal', async () => {
  const manifest = { chunks: [], incident_id: 'inc_1' };
  const path = join(folder.path, 'hostile.zip');
  await writeFile(
    path,
    await zip([
      ['manifest.json', Buffer.from(JSON.stringify(manifest))],
      ['x\u001b[2J\u0007', Buffer.from('x')],
    ]),
  );
  const result = await cli(['verify', path]);
  assert.equal(result.code, 1);
  assert.ok(!result.stdout.includes('\u001b'));
  assert.match(result.stdout, /\\u001b/);
});

test('a bundle much larger than memory is meant to be verifies in little of it', {
  skip: process.platform === 'linux' ? false : 'reads /proc',
}, async () => {
  const chunk = Buffer.alloc(24 * 1024 * 1024, 7);
  const about = {
    incident_id: 'inc_1',
    stream_id: 'str_1',
    media_type: 'video',
    status: 'complete',
    created_at: startedAt,
  };
  const encryption = { expected: 'client-side', scheme: 'x', server_decrypts: false };
  const sha256 = createHash('sha256').update(chunk).digest('hex');
  const line = {
    media_type: 'video',
    byte_size: chunk.length,
    sha256_hex: sha256,
    started_at: startedAt,
    ended_at: startedAt,
  };
  const chunks = Array.from({ length: 12 }, (_, position) => ({ chunk_index: position + 1, ...line }));
  const manifest = { ...about, encryption, chunk_count: 12, total_bytes: 12 * chunk.length, chunks };
  const entries = chunks.map(
    ({ chunk_index }) => [`chunks/video_${String(chunk_index).padStart(6, '0')}.enc`, chunk] as const,
  );
  const path = join(folder.path, 'large.zip');
  await writeFile(path, await zip([['manifest.json', Buffer.from(JSON.stringify(manifest))], ...entries]));
  // VmHWM, not maxRSS: the latter survives exec, and would tell of this process, which made the bundle.
  const telling = `import { readFileSync } from 'node:fs';
    process.on('exit', () => process.stderr.write(/VmHWM.*/.exec(readFileSync('/proc/self/status', 'utf8'))?.[0] ?? ''));`;
  const result = await cli(['verify', path], {
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(telling)}`,
  });
  assert.equal(result.code, 0, result.stderr);
  const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(result.stderr)?.[1]);
  assert.ok(peakKiB < 160 * 1024, `${peakKiB} KiB for a bundle of 288 MiB`);
});
