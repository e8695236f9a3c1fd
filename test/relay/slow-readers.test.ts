import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ClientFeedback, openFanout } from '#features/relay/index.ts';
import { createApp } from '#http/app.ts';
import { listen } from '#http/listener.ts';
import { nodeHome } from '#http/node-home.ts';
import { trustProxies } from '#http/peers.ts';
import { noCoordination } from '#platform/coordination/none/none.ts';
import { createLog } from '#platform/process/log.ts';
import { until } from '../http/support/world.ts';
import { sha256 } from '../support/api.ts';
import { newStream, type StreamName } from './support/live-core.ts';
import { livePath, RawReader } from './support/live-reader.ts';

// In this process, as more has to be offered than uploads would bring in the time of a test: the sockets in between hold megabytes.
const config = {
  windowCount: 4,
  windowBytes: 1_000_000,
  windowAgeMs: 60_000,
  maxStreams: 10,
  maxReaders: 10,
  readersPerCapability: 10,
  readerBufferBytes: 64 * 1024,
};

async function openRelay(t: TestContext, differing: Partial<typeof config> = {}) {
  const log = createLog('error');
  const feedback = new ClientFeedback(noCoordination(), 'a secret of this test that is long enough', {
    denials: 5,
    denialWindowMs: 1000,
    pressures: 5,
    pressureWindowMs: 1000,
  });
  const authority = { authorise: async (readers: readonly unknown[]) => readers.map(() => ({ granted: true })) };
  const live = openFanout({ authority, feedback, log }, { ...config, ...differing });
  const listener = await listen({
    name: 'relay',
    addresses: [{ host: '127.0.0.1', port: 0 }],
    app: createApp(live.routes, {
      identifier: { identify: async () => undefined },
      limiter: () => undefined,
      home: nodeHome(log),
      log,
    }),
    peers: trustProxies([]),
    observer: () => undefined,
    log,
  });
  t.after(async () => {
    live.close();
    await listener.close(5_000);
  });
  return { live, url: `http://127.0.0.1:${listener.addresses[0]?.port}` };
}

function chunk(name: StreamName, chunkIndex: number, holds: { count: number }) {
  const bytes = Buffer.from(`${chunkIndex}`);
  return {
    ...name,
    chunkIndex,
    byteSize: bytes.length,
    sha256Hex: sha256(bytes).toString('hex'),
    startedAt: '2026-01-01T00:00:00Z',
    endedAt: '2026-01-01T00:00:02Z',
    body: {
      byteSize: bytes.length,
      sha256Hex: sha256(bytes).toString('hex'),
      open: async function* () {
        yield bytes;
      },
      hold: () => {
        holds.count++;
      },
      release: () => {
        holds.count--;
      },
    },
  };
}

test('a reader that does not keep up is let go, and neither uploads nor other readers wait for it', async (t) => {
  const relay = await openRelay(t);
  const name = newStream();
  const holds = { count: 0 };
  const stuck = connect({ host: '127.0.0.1', port: Number(new URL(relay.url).port) });
  stuck.on('error', () => undefined);
  stuck.write(`GET ${livePath(name)} HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer stuck\r\n\r\n`);
  stuck.pause();
  const quick = await RawReader.open(relay.url, name, 'quick');
  let offered = 0;
  let longest = 0;
  while (relay.live.usage().readers === 2 || offered === 0) {
    assert.ok(offered < 200_000, 'it is let go at some point');
    for (let i = 0; i < 20; i++) {
      const began = performance.now();
      relay.live.fanout.offer(chunk(name, ++offered, holds)).confirmed();
      longest = Math.max(longest, performance.now() - began);
    }
    await quick.when('the quick one keeps up', ({ heard }) => heard.length === 2 * offered);
  }
  t.diagnostic(`let go after ${offered} chunks; no offer took longer than ${longest.toFixed(1)} ms`);
  for (let i = 0; i < 20; i++) relay.live.fanout.offer(chunk(name, ++offered, holds)).confirmed();
  await quick.when('the quick one goes on', ({ heard }) => heard.length === 2 * offered);
  assert.equal(relay.live.usage().readers, 1);
  assert.equal(holds.count, 4, 'as many as the window is long');
  stuck.destroy();
  quick.close();
});

test('windows give way to uploads: the oldest of all streams first, and only what that makes free', async (t) => {
  const relay = await openRelay(t);
  const holds = { count: 0 };
  const { fanout, usage } = relay.live;
  const [first, second] = [newStream(), newStream()];
  fanout.offer(chunk(first, 1, holds)).confirmed();
  fanout.offer(chunk(first, 2, holds));
  await new Promise((resolve) => setTimeout(resolve, 5));
  fanout.offer(chunk(second, 3, holds)).confirmed();
  assert.deepEqual([usage().bytes, holds.count], [3, 3]);
  fanout.shed(1);
  assert.deepEqual([usage().bytes, holds.count], [2, 2]);
  const fetched = async (name: StreamName, index: number) =>
    (await fetch(`${relay.url}${livePath(name)}/${index}`, { headers: { authorization: 'Bearer x' } })).status;
  assert.deepEqual([await fetched(first, 1), await fetched(first, 2), await fetched(second, 3)], [404, 200, 200]);
  fanout.shed(1000);
  // The upload still has it.
  assert.deepEqual([await fetched(first, 2), await fetched(second, 3)], [200, 404]);
  assert.equal(holds.count, 1);
});

test('where there are as many streams as may be, the one that was quiet for longest loses its window', async (t) => {
  const relay = await openRelay(t);
  const holds = { count: 0 };
  const streams = Array.from({ length: config.maxStreams + 3 }, newStream);
  for (const [at, name] of streams.entries()) relay.live.fanout.offer(chunk(name, at + 1, holds)).confirmed();
  assert.equal(holds.count, config.maxStreams);
  relay.live.fanout.offer({ ...chunk(newStream(), 1, holds), byteSize: config.windowBytes + 1 }).confirmed();
  assert.equal(holds.count, config.maxStreams, 'a chunk that no window could hold is not shown');
});

test('the window of a stream that fell silent ends, and with it what was kept of the stream', async (t) => {
  const relay = await openRelay(t, { windowAgeMs: 200 });
  const holds = { count: 0 };
  const [over, waiting] = [newStream(), newStream()];
  relay.live.fanout.offer(chunk(over, 1, holds)).confirmed();
  const entry = relay.live.fanout.offer(chunk(waiting, 1, holds));
  const reader = await RawReader.open(relay.url, waiting, 'x');
  await reader.hears('chunk 1 unconfirmed');
  await until(() => (holds.count === 0 ? true : undefined), 'both windows have ended');
  await until(() => (relay.live.usage().streams === 1 ? true : undefined), 'one stream is forgotten');
  // Its end is told, although the chunk is not there any more.
  entry.rejected();
  await reader.hears('state 1 rejected');
  reader.close();
  await until(() => (relay.live.usage().streams === 0 ? true : undefined), 'and the other, with its reader');
});
