import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import { CallThread } from './call-thread.ts';

interface Call {
  id: number;
  text: string;
}

function entry(source: string): URL {
  const module = `import { parentPort } from 'node:worker_threads'; parentPort.on('message', (calls) => { ${source} }); parentPort.postMessage('ready');`;
  return new URL(`data:text/javascript,${encodeURIComponent(module)}`);
}

test('calls are answered to their callers, also when many leave at once', async () => {
  const thread = new CallThread<Call, Call>(entry('parentPort.postMessage(calls.reverse())'), 'echo', {}, () =>
    assert.fail(),
  );
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, i) => thread.call((id) => ({ id, text: String(i) }))),
  );
  assert.deepEqual(
    replies.map(({ text }) => Number(text)),
    Array.from({ length: 50 }, (_, i) => i),
  );
  await thread.close();
  await thread.close();
  await assert.rejects(
    thread.call((id) => ({ id, text: '' })),
    (error) => isProblem(error, 'storage_unavailable'),
  );
});

test('close waits for what is under way', async () => {
  const slow = entry('setTimeout(() => parentPort.postMessage(calls), 50)');
  const thread = new CallThread<Call, Call>(slow, 'slow', {}, () => assert.fail());
  const reply = thread.call((id) => ({ id, text: 'kept' }));
  await thread.close();
  assert.equal((await reply).text, 'kept');
});

for (const [name, source] of [
  ['throws', 'throw new Error("injected")'],
  ['exits', 'process.exit(1)'],
] as const) {
  test(`a thread that ${name} fails every call, now and later`, async () => {
    let deaths = 0;
    const thread = new CallThread<Call, Call>(entry(source), 'dying', {}, () => {
      deaths += 1;
    });
    const calls = Array.from({ length: 6 }, () => thread.call((id) => ({ id, text: '' })));
    for (const result of await Promise.allSettled(calls)) {
      assert.equal(result.status, 'rejected');
      assert.ok(result.status === 'rejected' && isProblem(result.reason, 'storage_unavailable'));
    }
    assert.equal(thread.alive, false);
    assert.equal(deaths, 1);
    await assert.rejects(
      thread.call((id) => ({ id, text: '' })),
      (error) => isProblem(error, 'storage_unavailable'),
    );
    await thread.close();
  });
}

test('a thread that cannot be loaded is never ready', async () => {
  const broken = new URL(`data:text/javascript,${encodeURIComponent('throw new Error("injected")')}`);
  const thread = new CallThread<Call, Call>(broken, 'broken', {}, () => undefined);
  await assert.rejects(thread.ready, (error) => isProblem(error, 'storage_unavailable'));
});
