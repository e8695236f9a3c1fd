import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem, Problem } from '#kit/errors.ts';
import type { ReaderClaim, ReaderGrant } from './reader-authority.ts';
import { type ReaderRight, ReaderRights } from './reader-rights.ts';

const claim = (token: string): ReaderClaim => ({ token, incidentId: 'inc_1', streamId: 'str_1' });
const granted: ReaderGrant = { granted: true };

/** Rights on a clock of their own, with a core that answers when it is told to. */
class Scene {
  now = 1_000_000;
  readonly questions: { tokens: string[]; answer: (grants: ReaderGrant[] | Error) => void }[] = [];
  readonly ends = new Map<string, string>();
  readonly rights = new ReaderRights(
    {
      authorise: (readers) =>
        new Promise((resolve, reject) => {
          this.questions.push({
            tokens: readers.map(({ token }) => token),
            answer: (grants) => (grants instanceof Error ? reject(grants) : resolve(grants)),
          });
        }),
    },
    { error: (_fields, message) => assert.fail(message) },
    () => this.now,
  );

  async enter(token: string): Promise<ReaderRight> {
    const right = await this.rights.enter(claim(token));
    right.onEnd((reason) => this.ends.set(token, reason));
    return right;
  }

  async answer(grants: ReaderGrant[] | Error): Promise<string[]> {
    await settled();
    const question = this.questions.shift();
    question?.answer(grants);
    await settled();
    return question?.tokens ?? [];
  }

  async pass(ms: number): Promise<void> {
    this.now += ms;
    this.rights.watch();
    await settled();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('who comes together is one question, who comes meanwhile the next, and one capability is asked about once', async () => {
  const scene = new Scene();
  const first = [scene.enter('a'), scene.enter('b'), scene.enter('a')];
  await settled();
  const later = [scene.enter('c'), scene.enter('a')];
  const denied = assert.rejects(scene.enter('d'), (error) => isProblem(error, 'relay_capability_invalid'));
  assert.deepEqual(await scene.answer([granted, granted]), ['a', 'b']);
  assert.deepEqual(await scene.answer([granted, granted, { granted: false }]), ['c', 'a', 'd']);
  await Promise.all([...first, ...later, denied]);
  await scene.enter('a');
  assert.equal(scene.questions.length, 0, 'known since less than a second');

  await scene.pass(750);
  assert.deepEqual(await scene.answer([granted, granted, granted]), ['a', 'b', 'c']);
  await scene.pass(749);
  assert.equal(scene.questions.length, 0, 'not more often');
});

test('each end has its reason', async () => {
  const scene = new Scene();
  const soon: ReaderGrant = { granted: true, expiresAt: new Date(scene.now + 1_400).toISOString() };
  const entering = ['revoked', 'closed', 'expired', 'stays', 'left'].map((token) => scene.enter(token));
  await scene.answer([granted, granted, soon, granted, granted]);
  const rights = await Promise.all(entering);
  rights[4]?.leave();
  await scene.pass(750);
  const asked = await scene.answer([{ granted: false }, { granted: false, ended: true }, soon, granted]);
  assert.deepEqual(asked, ['revoked', 'closed', 'expired', 'stays'], 'nobody reads under the fifth any more');
  assert.deepEqual(
    [...scene.ends],
    [
      ['revoked', 'revoked'],
      ['closed', 'closed'],
    ],
  );
  await scene.pass(650);
  assert.equal(scene.ends.get('expired'), 'expired');
  assert.equal(scene.ends.has('stays'), false);
});

test('a core that cannot be asked, or never answers, costs readers their right after ten seconds and no earlier', async () => {
  for (const silence of ['refuses', 'hangs'] as const) {
    const scene = new Scene();
    const entering = scene.enter('a');
    await scene.answer([granted]);
    await entering;
    for (let second = 0; second < 10; second++) {
      await scene.pass(1_000);
      if (silence === 'refuses') await scene.answer(new Problem('relay_core_unavailable'));
    }
    assert.equal(scene.ends.size, 0);
    await scene.pass(1);
    assert.deepEqual([...scene.ends], [['a', 'core_unavailable']]);
    const again = assert.rejects(scene.enter('a'), (error) => isProblem(error, 'relay_core_unavailable'));
    await settled();
    scene.questions.at(-1)?.answer(new Problem('relay_core_unavailable'));
    await again;
  }
});
