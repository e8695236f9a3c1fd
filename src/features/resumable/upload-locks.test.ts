import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import { noCoordination } from '#platform/coordination/none/none.ts';
import { type HeldUpload, UploadLocks } from './upload-locks.ts';

const deaf = { askToLeave: () => undefined };

/** Nodes that share a coordinator, each with its own memory. */
function nodes(): [UploadLocks, UploadLocks] {
  const shared = noCoordination();
  const spanning = { spansNodes: true, lease: shared.lease };
  return [new UploadLocks(spanning), new UploadLocks(spanning)];
}

test('one request holds an upload, others wait for it, and each upload is held for itself', async () => {
  const [locks] = nodes();
  const order: string[] = [];
  const first = await locks.take('a', deaf);
  await (await locks.take('b', deaf)).release();
  const second = locks.take('a', deaf).then((held) => {
    order.push('second');
    return held;
  });
  await new Promise((resolve) => setTimeout(resolve, 150));
  order.push('first');
  await first.release();
  await (await second).release();
  assert.deepEqual(order, ['first', 'second']);
});

for (const [where, from, to] of [
  ['the same node', 0, 0],
  ['another node', 0, 1],
] as const) {
  test(`a holder is asked to leave by a request at ${where}`, async () => {
    const locks = nodes();
    let held: HeldUpload | undefined;
    let asked = 0;
    held = await locks[from].take('a', {
      askToLeave: () => {
        asked += 1;
        void held?.release();
      },
    });
    await (await locks[to].take('a', deaf)).release();
    assert.ok(asked >= 1);
  });
}

test('a request that waits in vain is told so, and holds nothing', async () => {
  const [here, there] = nodes();
  const held = await here.take('a', deaf);
  const waiting = [here.take('a', deaf), there.take('a', deaf)];
  for (const one of waiting) await assert.rejects(one, (error) => isProblem(error, 'upload_locked'));
  await held.release();
  await (await there.take('a', deaf)).release();
});

test('when nobody can tell, nobody holds it', async () => {
  const shared = noCoordination();
  const locks = new UploadLocks({ spansNodes: true, lease: shared.lease });
  await shared.close();
  await assert.rejects(locks.take('a', deaf), (error) => isProblem(error, 'coordination_unavailable'));
  await assert.rejects(locks.take('a', deaf), (error) => isProblem(error, 'coordination_unavailable'));
});
