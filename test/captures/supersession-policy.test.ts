/** The policy beside its owner and another node, ended in the middle, and before bytes that cannot be read. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { lookedAtTransaction } from '#features/incidents/captures/supersessions/supersessions.transactions.ts';
import { applySupersessionPolicy } from '#features/incidents/index.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { onBothDatabases } from '../retention/both-databases.ts';
import { seeded } from '../support/random.ts';
import { blobStore, decisionsOf, groupToLookAt, lookAtOf, ownerOf } from './support/policy-world.ts';

const on = onBothDatabases();
const going = new AbortController().signal;
const early = '2026-01-02T03:05:00.000Z';
const later = '2026-01-02T03:06:00.000Z';

/** A store that does something before it looks at a blob. */
const before = (blobs: BlobStore, look: (path: string) => void): BlobStore => ({
  ...blobs,
  check: async (path, expected) => {
    look(path);
    return await blobs.check(path, expected);
  },
});

on(
  'whoever records first, the owner or the policy at two nodes, there is one decision a pair',
  async ([one, two], t) => {
    const random = seeded(20260103);
    const first = { account: 0, policy: 0 };
    for (let round = 0; round < 12; round++) {
      const blobs = blobStore();
      const group = await groupToLookAt({ metadata: one, blobs }, { segments: 5, lookAt: early });
      const owner = ownerOf(group, { metadata: two, blobs });
      const late = random.chance(0.5) ? 0 : random.between(5, 60);
      const [here, there, answers] = await Promise.all([
        applySupersessionPolicy({ metadata: one, blobs }, going),
        applySupersessionPolicy({ metadata: two, blobs }, going),
        pause(late).then(() => Promise.all(group.segments.map((segment) => owner.record(segment)))),
      ]);
      const decisions = await decisionsOf(one, group);
      assert.deepEqual(decisions.map((row) => row.superseded_segment_id).sort(), [...group.segments]);
      const made = answers.filter(({ status }) => status === 201).length;
      assert.ok(answers.every(({ status }) => status === 200 || status === 201));
      assert.equal(here + there + made, group.segments.length, 'each is counted by the one who made it');
      for (const [n, { id, status, actor }] of answers.entries()) {
        const row = decisions.find((decision) => decision.superseded_segment_id === group.segments[n]);
        assert.deepEqual([row?.id, row?.actor, actor === 'account'], [id, actor, status === 201]);
      }
      for (const { actor } of decisions) first[actor] += 1;
      assert.equal(await lookAtOf(one, group), null);
    }
    t.diagnostic(JSON.stringify(first));
    assert.ok(first.account > 0 && first.policy > 0, 'both orders were seen');
  },
);

on('what the owner takes back while the policy runs stays taken back', async ([one, two]) => {
  const blobs = blobStore();
  const group = await groupToLookAt({ metadata: one, blobs }, { segments: 3, lookAt: early });
  const owner = ownerOf(group, { metadata: two, blobs });
  let taken = false;
  const [, second = ''] = group.segments;
  const takeBack = async () => {
    const { id } = await owner.record(second);
    assert.equal((await owner.withdraw(id)).status, 201);
  };
  const meanwhile: BlobStore = {
    ...blobs,
    check: async (path, expected) => {
      // The policy has seen that nobody decided about it, and is about to.
      if (path === group.pathOf(second) && !taken) {
        taken = true;
        await takeBack();
      }
      return await blobs.check(path, expected);
    },
  };
  assert.equal(await applySupersessionPolicy({ metadata: one, blobs: meanwhile }, going), 2);
  const about = (await decisionsOf(one, group)).filter((row) => row.superseded_segment_id === second);
  assert.deepEqual(
    about.map(({ actor, reason }) => [actor, reason]),
    [
      ['account', 'higher_quality_confirmed'],
      ['account', 'withdrawn'],
    ],
  );
});

on('ended in the middle it goes on where it stopped, and records nothing twice', async ([one, two]) => {
  const blobs = blobStore();
  const groups = [
    await groupToLookAt({ metadata: one, blobs }, { segments: 4, lookAt: early }),
    await groupToLookAt({ metadata: one, blobs }, { segments: 2, lookAt: later }),
  ] as const;
  const stop = new AbortController();
  let looked = 0;
  const stopping = before(blobs, () => {
    looked += 1;
    if (looked === 2) stop.abort();
  });
  assert.equal(await applySupersessionPolicy({ metadata: one, blobs: stopping }, stop.signal), 2);
  assert.deepEqual([await lookAtOf(one, groups[0]), await lookAtOf(one, groups[1])], [early, later]);
  const standing = await decisionsOf(one, groups[0]);
  assert.equal(standing.length, 2);
  assert.equal(await applySupersessionPolicy({ metadata: two, blobs }, going), 4);
  for (const group of groups) {
    assert.equal((await decisionsOf(one, group)).length, group.segments.length);
    assert.equal(await lookAtOf(one, group), null);
  }
  const ids = (await decisionsOf(one, groups[0])).map(({ id }) => id);
  assert.ok(standing.every(({ id }) => ids.includes(id)));
  assert.equal(await applySupersessionPolicy({ metadata: one, blobs }, going), 0);
});

on('a stream that ends while the policy looks is looked at again', async ([one]) => {
  const blobs = blobStore();
  const group = await groupToLookAt({ metadata: one, blobs }, { segments: 1, lookAt: early });
  // As whoever began before the stream ended would say it.
  await one.write(lookedAtTransaction, { groupId: group.id, lookAt: later, again: null });
  assert.equal(await lookAtOf(one, group), early);
});

on('bytes that are gone are not recorded, and the group waits no longer', async ([one]) => {
  const blobs = blobStore();
  const group = await groupToLookAt({ metadata: one, blobs }, { segments: 3, lookAt: early });
  await blobs.remove(group.pathOf('seg:1'));
  assert.equal(await applySupersessionPolicy({ metadata: one, blobs }, going), 2);
  const decided = (await decisionsOf(one, group)).map((row) => row.superseded_segment_id);
  assert.deepEqual(decided.sort(), ['seg:0', 'seg:2']);
  assert.equal(await lookAtOf(one, group), null);
});

on('a blob that the disk does not give holds up no other: it is told, and asked for again', async ([one]) => {
  const blobs = blobStore();
  const broken = await groupToLookAt({ metadata: one, blobs }, { segments: 3, lookAt: early });
  const whole = await groupToLookAt({ metadata: one, blobs }, { segments: 2, lookAt: later });
  const faulty = before(blobs, (path) => {
    if (path === broken.pathOf('seg:0')) throw new Problem('storage_unavailable');
  });
  const turn = () => applySupersessionPolicy({ metadata: one, blobs: faulty }, going);
  await assert.rejects(turn(), (error) => isProblem(error, 'storage_unavailable'));
  assert.deepEqual([(await decisionsOf(one, broken)).length, (await decisionsOf(one, whole)).length], [2, 2]);
  assert.equal(await lookAtOf(one, whole), null);
  assert.ok(String(await lookAtOf(one, broken)) > later, 'at the end of the line');
  assert.equal(await applySupersessionPolicy({ metadata: one, blobs }, going), 1);
  assert.equal(await lookAtOf(one, broken), null);
});

on('a store that is away is asked once, and everything waits for it', async ([one]) => {
  const blobs = blobStore();
  const groups = [
    await groupToLookAt({ metadata: one, blobs }, { segments: 3, lookAt: early }),
    await groupToLookAt({ metadata: one, blobs }, { segments: 1, lookAt: later }),
  ] as const;
  let asked = 0;
  const away: BlobStore = {
    ...before(blobs, () => {
      asked += 1;
      throw new Problem('storage_unavailable');
    }),
    health: async () => 'unavailable',
  };
  await assert.rejects(applySupersessionPolicy({ metadata: one, blobs: away }, going), (error) =>
    isProblem(error, 'storage_unavailable'),
  );
  assert.equal(asked, 1);
  assert.deepEqual([await lookAtOf(one, groups[0]), await lookAtOf(one, groups[1])], [early, later]);
  assert.equal(await applySupersessionPolicy({ metadata: one, blobs }, going), 4);
});
