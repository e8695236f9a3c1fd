import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ServerEvent, serverEvents } from './event-stream.ts';

const said = [
  'retry: 1000\n\n',
  ':\n\n',
  'id: e.1\nevent: chunk\ndata: {"a":"ä"}\n\n',
  'data: one\ndata:two\r\n\n',
  'event: nothing\n\n',
  'id: e.2\n\n',
  ': a comment\nevent: end\ndata: {}\nunknown: x\nnothing\n\n',
  'event: cut off\ndata: never whole\n',
].join('');

const heard: ServerEvent[] = [
  { event: 'chunk', data: '{"a":"ä"}', id: 'e.1' },
  { event: 'message', data: 'one\ntwo', id: 'e.1' },
  { event: 'message', data: '', id: 'e.2' },
  { event: 'end', data: '{}', id: 'e.2' },
];

function inPieces(size: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(said);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

test('events come out the same, wherever the network cuts the stream', async () => {
  for (let size = 1; size <= said.length; size++)
    assert.deepEqual(await Array.fromAsync(serverEvents(inPieces(size), 1_000)), heard, `in pieces of ${size}`);
});

test('a stream that falls silent is given up, and so is nothing that says a sign of life in time', async () => {
  const silent = new ReadableStream<Uint8Array<ArrayBuffer>>();
  await assert.rejects(Array.fromAsync(serverEvents(silent, 50)), { name: 'ProoflineNetworkError', reason: 'timeout' });

  let beats = 0;
  const beating = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (beats++ < 10) controller.enqueue(new TextEncoder().encode(':\n\n'));
      else controller.close();
    },
  });
  assert.deepEqual(await Array.fromAsync(serverEvents(beating, 150)), []);
});
