import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Item, Queue, UploadProblem } from './assets/queue.js';

const wish = (name: string, bytes = 10) => ({
  name,
  bytes,
  folderId: undefined,
  source: new Blob(['x'.repeat(bytes)]),
});
const states = (queue: Queue) => [...queue.items.values()].map(({ state }) => state);

async function until(look: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (look()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail('it did not come to that');
}

test('so many at once, and all of them in the end', async () => {
  let running = 0;
  let most = 0;
  const queue = new Queue({
    atOnce: 3,
    send: async (_item: Item, { onSent }: { onSent: (bytes: number) => void }) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      onSent(10);
      running -= 1;
    },
  });
  queue.add(Array.from({ length: 50 }, (_, at) => wish(`${at}`)));
  await until(() => !queue.totals().active);
  assert.equal(most, 3);
  assert.deepEqual(queue.totals(), { files: 50, done: 50, failed: 0, paused: 0, bytes: 500, sent: 500, active: false });
  queue.clearEnded();
  assert.equal(queue.items.size, 0);
});

test('paused while it runs, it stops and goes on; cancelled, it never does', async () => {
  let starts = 0;
  const queue = new Queue({
    send: async (_item: Item, { signal }: { signal: AbortSignal }) => {
      starts += 1;
      if (starts > 2) return;
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    },
  });
  queue.add([wish('a'), wish('b')]);
  queue.pause(1);
  queue.cancel(2);
  await until(() => starts === 2);
  assert.deepEqual(states(queue), ['paused', 'cancelled']);
  queue.resume(1);
  await until(() => !queue.totals().active);
  assert.deepEqual([states(queue), starts], [['done', 'cancelled'], 3]);
  assert.equal(queue.totals().files, 1, 'what was cancelled does not count');
});

test('what may go better is tried again under the same key; what may not is said, and tried when somebody asks', async () => {
  const keys: string[] = [];
  const queue = new Queue({
    waitMs: () => 1,
    send: async (item: Item) => {
      keys.push(item.key);
      if (keys.length < 3) throw new UploadProblem('connection_lost', 'lost', { again: true });
      if (item.name === 'a') throw new UploadProblem('name_conflict', 'taken');
    },
  });
  queue.add([wish('a')]);
  await until(() => states(queue)[0] === 'conflict');
  assert.deepEqual([keys.length, new Set(keys).size], [3, 1]);
  queue.retry(1, 'a (2)');
  await until(() => states(queue)[0] === 'done');
  assert.equal(new Set(keys).size, 2, 'another name is another wish');
});

test('it gives up after a while', async () => {
  let tries = 0;
  const queue = new Queue({
    waitMs: () => 0,
    send: async () => {
      tries += 1;
      throw new UploadProblem('http_503', 'not now', { again: true });
    },
  });
  queue.add([wish('a')]);
  await until(() => states(queue)[0] === 'failed');
  assert.equal(tries, 8);
  assert.equal(queue.totals().failed, 1);
});
