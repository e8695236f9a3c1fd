import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { writeWithBackPressure } from './write-stream.ts';

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port; // listening on TCP
}

/** One block of memory, lent again and again: whatever is sent of it after the next was asked for would show. */
async function* lent(sizes: readonly number[]): AsyncGenerator<Buffer> {
  const memory = Buffer.from(new SharedArrayBuffer(Math.max(...sizes)));
  for (const [i, size] of sizes.entries()) {
    yield memory.subarray(0, size).fill(i + 1);
    memory.fill(0xee);
  }
}

const expected = (sizes: readonly number[]) => Buffer.concat(sizes.map((size, i) => Buffer.alloc(size, i + 1)));

test('lent memory leaves as it was lent, small and large pieces in their order', async () => {
  const mixes = [
    [1],
    [16, 70, 300_000, 16, 70, 300_000, 5],
    Array.from({ length: 200 }, (_, i) => 1 + (i % 4_000)),
    [8_000_000, 1, 8_000_000],
  ];
  for (const sizes of mixes) {
    const whole = expected(sizes);
    const port = await serve((_, outgoing) => {
      outgoing.writeHead(200, { 'Content-Length': whole.length });
      void writeWithBackPressure(outgoing, lent(sizes)).then(() => outgoing.end());
    });
    const [answer] = (await once(get({ port }), 'response')) as [IncomingMessage];
    // So that the server has to wait, and its memory with it.
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok((await buffer(answer)).equals(whole), `${sizes.length} pieces`);
  }
});

/** A source that says when its reading has ended. */
function endless(): { pieces: AsyncGenerator<Buffer>; ended: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const piece = Buffer.alloc(500_000);
  async function* pieces() {
    try {
      for (;;) yield piece;
    } finally {
      resolve();
    }
  }
  return { pieces: pieces(), ended: promise };
}

test('a client that never reads and then goes away ends the source, also of a response that waits behind another', async () => {
  const sources: Promise<void>[] = [];
  const failures: Promise<unknown>[] = [];
  const { promise: bothAsked, resolve: asked } = Promise.withResolvers<void>();
  const port = await serve((_, outgoing) => {
    const { pieces, ended } = endless();
    sources.push(ended);
    outgoing.writeHead(200);
    failures.push(assert.rejects(writeWithBackPressure(outgoing, pieces), /the client went away|EPIPE|ECONNRESET/));
    if (sources.length === 2) asked();
  });
  const client = connect(port, '127.0.0.1');
  client.pause();
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await bothAsked;
  await new Promise((resolve) => setTimeout(resolve, 50));
  client.resetAndDestroy();
  await Promise.all([...sources, ...failures]);
});

test('a source that fails after small pieces fails the writing', async () => {
  const { promise: failed, resolve } = Promise.withResolvers<unknown>();
  async function* pieces() {
    yield Buffer.from('begun');
    throw new Error('a bad block');
  }
  const port = await serve((_, outgoing) => {
    writeWithBackPressure(outgoing, pieces()).catch((error: unknown) => {
      resolve(error);
      outgoing.destroy();
    });
  });
  const asking = get({ port }).on('error', () => undefined);
  assert.match(String(await failed), /a bad block/);
  asking.destroy();
});
