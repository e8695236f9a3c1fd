import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { objectStoreContract } from '../object-store.contract.ts';
import { FolderObjectStore } from './folder-object-store.ts';

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'proofline-objects-'));
  folders.push(folder);
  return folder;
}

objectStoreContract('folder', async () => await FolderObjectStore.open(join(await emptyFolder(), 'objects')));

test('what was created is there for the next process, and what a crash left unfinished is not', async () => {
  const root = join(await emptyFolder(), 'objects');
  const first = await FolderObjectStore.open(root);
  const bytes = new Uint8Array(randomBytes(100));
  assert.equal(await first.create('a/b', bytes), 'created');
  assert.deepEqual(await readdir(join(root, '+unfinished')), []);
  await writeFile(join(root, '+unfinished', 'torn'), 'x');
  assert.deepEqual(await first.level(''), { folders: ['a'], objects: [] });
  const second = await FolderObjectStore.open(root);
  assert.deepEqual((await second.read('a/b'))?.bytes, bytes);
  assert.deepEqual(await readdir(join(root, '+unfinished')), []);
});

test('the beginning of a path is no object, and an object has nothing below it', async () => {
  const store = await FolderObjectStore.open(await emptyFolder());
  await store.create('a/b', new Uint8Array(1));
  assert.equal(await store.read('a'), undefined);
  assert.equal(await store.read('a/b/c'), undefined);
  await store.remove('a/b/c');
  await assert.rejects(store.create('a/b/c', new Uint8Array(1)));
  await assert.rejects(store.create('a', new Uint8Array(1)));
  assert.deepEqual(await Array.fromAsync(store.list('')), [{ key: 'a/b', byteSize: 1 }]);
});
