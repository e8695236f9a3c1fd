import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { timestamp } from '#kit/time.ts';
import { RecorderError } from '../../recorder-error.ts';
import { ContextFeed } from './context-feed.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proofline-context-'));
  path = join(folder, 'places.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const at = (second: number) => timestamp(Date.UTC(2026, 0, 2, 3, 4, second));
const write = (...lines: readonly unknown[]) =>
  writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
const open = (cursor?: string) => ContextFeed.open(path, { live: true, cursor });

async function taken(feed: ContextFeed, end: number): Promise<{ lines: unknown[]; cursor: string | undefined }> {
  const piece = await feed.take(at(end), at(0));
  if (piece === undefined) return { lines: [], cursor: undefined };
  const lines = Buffer.from(piece.bytes).toString().trim().split('\n');
  return { lines: lines.map((line) => JSON.parse(line).n ?? JSON.parse(line).line), cursor: piece.cursor };
}

test('a line belongs to the moment of its own time, and one from before the recording to none', async () => {
  await write({ at: at(-5), n: 0 }, { at: at(1), n: 1 }, { time: at(4), n: 2 }, { timestamp: at(9), n: 3 });
  const feed = await open();
  assert.deepEqual((await taken(feed, 4)).lines, [1]);
  assert.deepEqual((await taken(feed, 8)).lines, [2]);
  assert.deepEqual((await taken(feed, 9)).lines, []);
  assert.deepEqual((await taken(feed, 10)).lines, [3]);
  assert.equal(feed.linesBefore, 1);
  await feed.close();
});

test('a file is read as it grows, a line once it is whole, and gone on with where it was left', async () => {
  await write({ n: 1 });
  const feed = await open();
  const first = await taken(feed, 4);
  assert.deepEqual(first.lines, [1]);
  await appendFile(path, '{"n":2}\n{"n":');
  assert.deepEqual((await taken(feed, 8)).lines, [2]);
  await appendFile(path, '3}');
  assert.deepEqual((await taken(feed, 12)).lines, [3]);
  await feed.close();
  const again = await open(first.cursor);
  assert.deepEqual((await taken(again, 12)).lines, [2, 3]);
  await again.close();
});

test('what is no object is kept as it was written', async () => {
  await writeFile(path, '$GPGGA,1,2\n\n[1]\n');
  const feed = await open();
  assert.deepEqual((await taken(feed, 4)).lines, ['$GPGGA,1,2', '[1]']);
  await feed.close();
});

test('a file that is not there is said to be missing, without a word of it', async () => {
  await assert.rejects(open(), (error) => error instanceof RecorderError && error.code === 'no_input');
});
