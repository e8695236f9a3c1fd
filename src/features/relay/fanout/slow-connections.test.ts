import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ChunkWindow } from './chunk-window.ts';
import { LiveReader } from './live-reader.ts';
import { sendLiveChunk } from './send-live-chunk.ts';

/** A response on a real connection, whose client reads nothing before it is told to. */
async function stuckClient(t: TestContext) {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  const socket = connect({ host: '127.0.0.1', port });
  socket.pause().on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [, outgoing] = (await once(server, 'request')) as [unknown, ServerResponse];
  t.after(() => {
    socket.destroy();
    server.close();
    server.closeAllConnections();
  });
  return { socket, outgoing };
}

/** Until the sockets between the two are full, and stay so. */
async function fill(reader: LiveReader, outgoing: ServerResponse): Promise<void> {
  for (;;) {
    reader.send(Buffer.alloc(64 * 1024, ':'), 0);
    if (!outgoing.writableNeedDrain) continue;
    await new Promise((resolve) => setTimeout(resolve, 30));
    if (outgoing.writableNeedDrain) return;
  }
}

test('a reader that takes nothing for too long is let go, and hears why where it wakes up in time', async (t) => {
  const { socket, outgoing } = await stuckClient(t);
  let gone = 0;
  const reader = new LiveReader(outgoing, Number.MAX_SAFE_INTEGER, () => {
    gone++;
  });
  outgoing.writeHead(200);
  reader.watch(1_000_000);
  await fill(reader, outgoing);
  reader.watch(5_000);
  assert.equal(outgoing.writableEnded, false);
  reader.watch(5_001);
  assert.equal(outgoing.writableEnded, true);
  const lastWord = new Promise<void>((resolve) => {
    let tail = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      tail = (tail + text).slice(-200);
      if (tail.includes('event: end\ndata: {"reason":"slow"}\n\n')) resolve();
    });
  });
  socket.resume();
  await lastWord;
  if (!outgoing.closed) await once(outgoing, 'close');
  reader.send(Buffer.from('late'), 0);
  reader.end('revoked');
  assert.equal(gone, 1);
});

test('one that does not wake up is cut, and a reader that took everything in between is not behind', async (t) => {
  const { socket, outgoing } = await stuckClient(t);
  const reader = new LiveReader(outgoing, Number.MAX_SAFE_INTEGER, () => undefined);
  outgoing.writeHead(200);
  await fill(reader, outgoing);
  const drained = once(outgoing, 'drain');
  socket.resume();
  await drained;
  reader.watch(60_000);
  assert.equal(outgoing.writableEnded, false);
  socket.pause();
  await fill(reader, outgoing);
  reader.watch(60_000);
  const began = Date.now();
  await once(outgoing, 'close');
  assert.ok(Date.now() - began >= 1_900, 'it has a while to hear the last word');
});

test('a download that stands still gives its bytes back', async (t) => {
  const { outgoing } = await stuckClient(t);
  let holds = 0;
  const byteSize = 64 * 1024 * 1024;
  const body = {
    byteSize,
    sha256Hex: '00'.repeat(32),
    open: async function* () {
      for (let at = 0; at < byteSize; at += 65_536) yield Buffer.alloc(65_536);
    },
    hold: () => {
      holds++;
    },
    release: () => {
      holds--;
    },
  };
  const window = new ChunkWindow({ count: 1, bytes: byteSize, ageMs: 1 }, () => undefined);
  const facts = { incidentId: '', streamId: '', chunkIndex: 1, startedAt: '', endedAt: '' };
  window.offer({ ...facts, byteSize, sha256Hex: body.sha256Hex, body }, 0)('confirmed');
  const entry = window.find(1);
  assert.ok(entry);
  const right = { onEnd: () => undefined, leave: () => undefined };
  const sending = sendLiveChunk(outgoing, entry, right, 300);
  // It leaves the window meanwhile, which does not disturb the download.
  window.expire(10);
  assert.equal(holds, 1);
  await assert.rejects(sending);
  assert.equal(holds, 0);
});
