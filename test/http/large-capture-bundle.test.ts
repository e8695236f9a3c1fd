import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, type TestContext, test } from 'node:test';
import { notHere } from '../support/cells.ts';
import { sha256Hex } from './support/client.ts';
import { storeGroup } from './support/stored-group.ts';
import { assertVerified, verifyDownload } from './support/verify-download.ts';
import { openWorld, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('large-capture-bundle', { SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'false' });
});
after(() => world.close());

const pathOf = (incident: string, group: string) => `/v1/incidents/${incident}/capture-groups/${group}`;

test('the same rows and bytes are the same manifest and archive, in whatever database and store they are', async () => {
  const [incident, group] = ['inc_01golden', 'cgr_01golden'];
  await storeGroup(world, {
    incident,
    group,
    segments: 5,
    variants: {
      preview: { stream: 'str_02', bytes: 11, complete: false },
      master: { stream: 'str_10', bytes: 70, complete: true },
      place: { stream: 'str_1a', bytes: 5, complete: false },
    },
  });
  const hashes: Record<string, string> = {};
  for (const kind of ['completed', 'partial', 'canonical']) {
    const manifest = await world.ada.get(`${pathOf(incident, group)}/manifest?kind=${kind}`);
    const archive = await world.ada.get(`${pathOf(incident, group)}/download?kind=${kind}`);
    hashes[kind] = `${sha256Hex(manifest.bytes)} ${sha256Hex(archive.bytes)}`;
    assertVerified(await verifyDownload(world.server.dataDir, archive.bytes));
  }
  assert.deepEqual(hashes, {
    canonical:
      '66a3582212ff32891f96416f6c06af1d7feb20bd188da3f5fb6525504d72293a 44f7f9dcb8acbb1ed4456a1055a38edee660af0dc40e29b502ba90a5444bff99',
    completed:
      '49fa7bb818b8eab076c65d0e9ea49c0f9961b9850c881188d63dd2d741b87a22 be2434cc3e7585d3e7547833fd60a2f32858a86383759cf84aa7aa9c760beda2',
    partial:
      'a455febe8ac4dc462c4ca0170d58dae9268874480bf025d8ff21bca3828bec28 fb7600ec58c05d46942b465c7dfea6a194a5c1c0343002a88f8cc7c3521a33d8',
  });
});

const status = (name: string) =>
  Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${world.server.pid}/status`, 'utf8'))?.[1]) *
  1024;

async function drain(path: string): Promise<{ bytes: number; hash: string }> {
  const answer = await fetch(`${world.server.url}${path}`, { headers: { authorization: `Bearer ${world.ada.token}` } });
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, hash: hash.digest('hex') };
}

const mebibyte = 1024 * 1024;

/** Four readers at once, after four before: by how much the server grew, at its highest. MiB. */
async function peakOfReaders(t: TestContext, path: string): Promise<number> {
  const alone = await drain(path);
  const readers = async () => {
    const all = await Promise.all([drain(path), drain(path), drain(path), drain(path)]);
    assert.deepEqual(all, [alone, alone, alone, alone]);
  };
  // The heap of a young process grows by itself.
  await readers();
  writeFileSync(`/proc/${world.server.pid}/clear_refs`, '5');
  const before = status('VmRSS');
  const began = Date.now();
  await readers();
  const grown = Math.round((status('VmHWM') - before) / mebibyte);
  t.diagnostic(
    `4 downloads of ${Math.round(alone.bytes / mebibyte)} MiB at once in ${Date.now() - began} ms: ${grown} MiB more`,
  );
  return grown;
}

test('a bundle of large chunks leaves in the memory of a few of them', async (t) => {
  if (notHere(t, { coordination: 'none' }, 'hints between nodes move no bytes')) return;
  const [incident, group] = ['inc_01wide', 'cgr_01wide'];
  const master = { stream: 'str_w1', bytes: 8 * mebibyte, complete: true };
  const preview = { stream: 'str_w2', bytes: mebibyte, complete: false };
  await storeGroup(world, { incident, group, segments: 8, variants: { master, preview } });
  const grown = await peakOfReaders(t, `${pathOf(incident, group)}/download?kind=partial`);
  assert.ok(grown < 96, `${grown} MiB for 288 MiB`);
});

test('a bundle of half an hour in four variants takes memory for its rows alone', async (t) => {
  if (notHere(t, { coordination: 'none', blobs: 'disk' }, 'its rows are what matters, and each blob takes a request'))
    return;
  const [incident, group] = ['inc_01long', 'cgr_01long'];
  const segments = 900;
  await storeGroup(world, {
    incident,
    group,
    segments,
    variants: {
      preview: { stream: 'str_l1', bytes: 2_000, complete: true },
      master: { stream: 'str_l2', bytes: 4_000, complete: true },
      sound: { stream: 'str_l3', bytes: 1_000, complete: true },
      place: { stream: 'str_l4', bytes: 200, complete: true },
    },
  });
  const grown = await peakOfReaders(t, `${pathOf(incident, group)}/download?kind=partial`);
  assert.ok(grown < 192, `${grown} MiB for four times ${segments * 4} chunks`);
});
