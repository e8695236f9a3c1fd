import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { JobFailure } from '#features/jobs/index.ts';
import type { ParserTask } from './parser/parser-task.ts';
import { runParser } from './run-parser.ts';

const mebibyte = 1024 * 1024;
const roomy = { timeoutMs: 30_000, memoryBytes: 256 * mebibyte };
const signal = new AbortController().signal;

async function* bytes(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

const sniff: ParserTask = { kind: 'sniff', whole: true };
const found = z.object({ mediaType: z.string() });

const parkedBy = (code: string) => (error: unknown) => {
  assert.ok(error instanceof JobFailure, String(error));
  assert.equal(error.code, code);
  // For owners and administrators to read.
  assert.match(error.message, /^(The|Reading|Nothing) .*\.$/);
  return true;
};

test('an answer is what its shape says', async () => {
  assert.deepEqual(await runParser(sniff, bytes('Wort'), found, roomy, signal), { mediaType: 'text/plain' });
});

test('an answer of another shape parks the job: a parser that somebody took over says nothing that counts', async () => {
  const other = z.object({ mediaType: z.number() });
  await assert.rejects(runParser(sniff, bytes('Wort'), other, roomy, signal), parkedBy('processing_crashed'));
});

test('time', async () => {
  const short = { ...roomy, timeoutMs: 1 };
  await assert.rejects(runParser(sniff, bytes('Wort'), found, short, signal), parkedBy('processing_timeout'));
});

test('a document of no type that is read', async () => {
  const task: ParserTask = { kind: 'thumbnail', mediaType: 'image/svg+xml', maxSide: 10, maxPixels: 100 };
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>';
  await assert.rejects(runParser(task, bytes(svg), z.unknown(), roomy, signal), parkedBy('processing_unsupported'));
});

test('being told to stop is no failure of the document', async () => {
  const stopped = AbortSignal.abort(new Error('stopping'));
  await assert.rejects(runParser(sniff, bytes('Wort'), found, roomy, stopped), /stopping/);
});
