import { createHash, type Hash } from 'node:crypto';
import { closeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { BlobRecord } from '../blob-store.ts';
import { hashBlobFile, openBlobFile, readBlock } from './blob-files.ts';
import { diskFault } from './disk-problem.ts';
import { slotBytes } from './read-slots.ts';
import type { ReadCall, ReaderSetup, ReadReply, SlotToFill } from './reader-calls.ts';

const port = parentPort;
if (port === null) throw new Error('This module is the entry of a worker thread.');
// The one starter is blob-reader.ts, which passes exactly this.
const { blobsDir, memory } = workerData as ReaderSetup;
const slots = Buffer.from(memory);

interface Reading {
  fd: number;
  byteSize: number;
  next: number;
  /** Exclusive. */
  end: number;
  judged: { record: BlobRecord; hash: Hash } | undefined;
}

const open = new Map<number, Reading>();
let lastFile = 0;

function close(file: number): void {
  const reading = open.get(file);
  open.delete(file);
  if (reading !== undefined) closeSync(reading.fd);
}

function start({ id, path, range, record, into }: Extract<ReadCall, { op: 'open' }>): ReadReply {
  const found = openBlobFile(blobsDir, path);
  if (found === undefined) return { id, kind: 'missing' };
  if (record !== undefined && record.byteSize !== found.byteSize) {
    closeSync(found.fd);
    return { id, kind: 'different' };
  }
  lastFile += 1;
  open.set(lastFile, {
    ...found,
    next: range?.start ?? 0,
    end: range === undefined ? found.byteSize : range.end + 1,
    judged: record === undefined ? undefined : { record, hash: createHash('sha256') },
  });
  return nextBlock(id, lastFile, into);
}

/** The descriptor is closed with the last block, so that a small blob costs one call. */
function nextBlock(id: number, file: number, into: SlotToFill): ReadReply {
  const reading = open.get(file);
  if (reading === undefined) return { id, kind: 'missing' };
  const { byteSize, end, fd, judged, next } = reading;
  let last = true;
  try {
    if (end > byteSize) return { id, kind: 'short' };
    const from = into.slot * slotBytes;
    const block = slots.subarray(from, from + Math.min(into.length, end - next));
    const length = readBlock(fd, block, next);
    if (length < block.length) return { id, kind: 'short' };
    reading.next += length;
    last = reading.next === end;
    judged?.hash.update(block.subarray(0, length));
    if (last && judged !== undefined && judged.hash.digest('hex') !== judged.record.sha256Hex)
      return { id, kind: 'different' };
    return { id, kind: 'bytes', byteSize, length, file: last ? 0 : file };
  } finally {
    if (last) close(file);
  }
}

async function hash(id: number, path: string): Promise<ReadReply> {
  const found = openBlobFile(blobsDir, path);
  if (found === undefined) return { id, kind: 'missing' };
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(found.byteSize, 1024 * 1024)));
    return { id, kind: 'hash', byteSize: found.byteSize, sha256Hex: await hashBlobFile(found, buffer, nextTurn) };
  } finally {
    closeSync(found.fd);
  }
}

function size(id: number, path: string): ReadReply {
  const found = openBlobFile(blobsDir, path);
  if (found === undefined) return { id, kind: 'missing' };
  closeSync(found.fd);
  return { id, kind: 'size', byteSize: found.byteSize };
}

/** Answers to quick calls leave together, as each message between threads has its price; a block leaves at once. */
let waiting: ReadReply[] = [];

function answer(reply: ReadReply): void {
  waiting.push(reply);
  if (reply.kind !== 'size') post();
}

function post(): void {
  if (waiting.length === 0) return;
  port?.postMessage(waiting);
  waiting = [];
}

async function handle(call: ReadCall): Promise<void> {
  const { id } = call;
  try {
    if (call.op === 'open') answer(start(call));
    else if (call.op === 'more') answer(nextBlock(id, call.file, call.into));
    else if (call.op === 'size') answer(size(id, call.path));
    else if (call.op === 'hash') answer(await hash(id, call.path));
    else close(call.file);
  } catch (error) {
    answer({ id, kind: 'fault', fault: diskFault(error) });
  }
}

port.on('message', (calls: ReadCall[]) => {
  for (const call of calls) void handle(call);
  post();
});

port.postMessage('ready');
