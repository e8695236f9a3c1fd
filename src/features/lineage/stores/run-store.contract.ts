import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import type { ServiceKey } from '../record/names.ts';
import type { NamedRun } from '../record/seal-run.ts';
import { readStoredRun } from '../record/stored-run.ts';
import type { RunStore } from './run-store.ts';

export interface RunStoreUnderTest {
  store: RunStore;
  /** Flips one bit of the record of a run, behind the store's back. */
  damage(key: ServiceKey, runId: string): Promise<void>;
  /** Removes everything of the service but its records, as far as a crash may lose it. */
  forgetManifests(key: ServiceKey): Promise<void>;
  close(): Promise<void>;
}

const key: ServiceKey = { organization: 'acme', project: 'shop', service: 'api' };
const at = (day: string, time = '12:00:00.000') => `${day}T${time}Z`;

/** What every store of runs does; `open` gives an empty one. */
export function runStoreContract(name: string, open: () => Promise<RunStoreUnderTest>): void {
  const withStore = (title: string, body: (under: RunStoreUnderTest) => Promise<void>) =>
    test(title, async () => {
      const under = await open();
      try {
        await body(under);
      } finally {
        await under.close();
      }
    });

  describe(`run store: ${name}`, () => {
    withStore('what was put is read back, found by its day and the newest', async ({ store }) => {
      const put = await store.put(run('r1', { commit_sha: 'abc1234' }), at('2026-01-02'));
      assert.equal(put.outcome, 'created');
      assert.equal(put.line.commit_sha, 'abc1234');
      const kept = await store.read(key, 'r1');
      assert.ok(kept);
      assert.deepEqual(kept.line, put.line);
      assert.equal(kept.payload.length, put.line.bytes);
      const stored = readStoredRun(kept.payload);
      assert.deepEqual(stored, { ...run('r1', { commit_sha: 'abc1234' }), received_at: at('2026-01-02') });
      assert.deepEqual(await daysOf(store), ['2026-01-02']);
      assert.deepEqual(await store.day(key, { day: '2026-01-02' }), [put.line]);
      assert.deepEqual(await store.latest(key), put.line);
    });

    withStore('nothing is there before anything was put', async ({ store }) => {
      assert.equal(await store.read(key, 'r1'), undefined);
      assert.equal(await store.latest(key), undefined);
      assert.deepEqual(await daysOf(store), []);
      assert.deepEqual(await store.day(key, { day: '2026-01-02' }), []);
      assert.deepEqual(await allServices(store), []);
      assert.deepEqual(await store.mend(key), { runs: 0, added: 0 });
      assert.equal(await store.health(), 'ok');
    });

    withStore('the same again is a replay, on another day and with other blanks too', async ({ store }) => {
      const first = await store.put(run('r1', { artifact: '{"a":1.0}' }), at('2026-01-02'));
      const again = await store.put(run('r1', { artifact: '{"a":1.0}' }), at('2026-01-03'));
      const spaced = await store.put(run('r1', { artifact: '{ "a" :\n 1.0 }' }), at('2026-01-04'));
      for (const replay of [again, spaced]) {
        assert.equal(replay.outcome, 'replayed');
        assert.deepEqual(replay.line, first.line);
      }
      assert.deepEqual(await daysOf(store), ['2026-01-02']);
      assert.equal((await store.day(key, { day: '2026-01-02' })).length, 1);
    });

    withStore('something else under the same id is a conflict and changes nothing', async ({ store }) => {
      const first = await store.put(run('r1', { artifact: '1' }), at('2026-01-02'));
      const before = await store.read(key, 'r1');
      for (const [other, day] of [
        [run('r1', { artifact: '2' }), '2026-01-02'],
        [run('r1', { artifact: '1.0' }), '2026-01-03'],
        [run('r1', { artifact: '1', commit_sha: 'fff0000' }), '2026-01-02'],
      ] as const) {
        const put = await store.put(other, at(day));
        assert.equal(put.outcome, 'conflict');
        assert.deepEqual(put.line, first.line);
      }
      assert.deepEqual(await store.read(key, 'r1'), before);
      assert.deepEqual(await daysOf(store), ['2026-01-02']);
      assert.deepEqual(await store.latest(key), first.line);
    });

    withStore('an id is one of its service alone', async ({ store }) => {
      const other = { ...run('r1', { artifact: '2' }), service: 'web' };
      assert.equal((await store.put(run('r1'), at('2026-01-02'))).outcome, 'created');
      assert.equal((await store.put(other, at('2026-01-02'))).outcome, 'created');
      assert.deepEqual(await allServices(store), [key, { ...key, service: 'web' }]);
    });

    withStore('of those who race for an id with different words one creates it', async ({ store }) => {
      const puts = await Promise.all(
        Array.from({ length: 24 }, (_, i) =>
          store.put(run('r1', { artifact: String(i) }), at(`2026-01-0${1 + (i % 3)}`)),
        ),
      );
      assert.equal(puts.filter(({ outcome }) => outcome === 'created').length, 1);
      assert.equal(puts.filter(({ outcome }) => outcome === 'conflict').length, 23);
      const kept = await store.read(key, 'r1');
      const winner = puts.findIndex(({ outcome }) => outcome === 'created');
      assert.equal(readStoredRun(kept?.payload ?? new Uint8Array()).artifact, String(winner));
      const days = await daysOf(store);
      assert.equal(days.length, 1);
      assert.equal((await store.day(key, { day: days[0] ?? '' })).length, 1);
    });

    withStore('of those who race with the same words one creates, the others replay', async ({ store }) => {
      const puts = await Promise.all(
        Array.from({ length: 24 }, (_, i) => store.put(run('r1'), at(`2026-01-0${1 + (i % 3)}`))),
      );
      assert.deepEqual(new Set(puts.map(({ line }) => line.sha256)).size, 1);
      assert.equal(puts.filter(({ outcome }) => outcome === 'created').length, 1);
      assert.equal(puts.filter(({ outcome }) => outcome === 'replayed').length, 23);
    });

    withStore('many at once are all listed, in order of arrival', async ({ store }) => {
      const times = Array.from({ length: 60 }, (_, i) =>
        at('2026-01-02', `12:00:00.${String((i * 37) % 60).padStart(3, '0')}`),
      );
      await Promise.all(times.map((time, i) => store.put(run(`r${i}`), time)));
      const listed = await store.day(key, { day: '2026-01-02' });
      assert.equal(listed.length, 60);
      assert.deepEqual(
        listed.map((line) => line.received_at),
        [...times].sort(),
      );
      assert.equal((await store.latest(key))?.received_at, at('2026-01-02', '12:00:00.059'));
    });

    withStore('the newest stays the newest when an older one comes late', async ({ store }) => {
      const newest = await store.put(run('new'), at('2026-02-01'));
      await store.put(run('old'), at('2026-01-31'));
      await store.put(run('older'), at('2026-02-01', '11:59:59.999'));
      assert.deepEqual(await store.latest(key), newest.line);
      assert.deepEqual(await daysOf(store), ['2026-01-31', '2026-02-01']);
    });

    withStore('a day that has a version has another one when its runs have changed', async ({ store }) => {
      const versionOf = async () => (await store.days(key)).find(({ day }) => day === '2026-01-02')?.version;
      await store.put(run('r1'), at('2026-01-02'));
      const before = await versionOf();
      assert.equal(await versionOf(), before);
      await store.put(run('r2'), at('2026-01-02'));
      const after = await versionOf();
      if (after !== undefined) assert.notEqual(after, before);
      assert.equal((await store.day(key, { day: '2026-01-02' })).length, 2);
    });

    withStore('services are listed by name, and within what is asked for', async ({ store }) => {
      const keys = [
        { organization: 'b', project: 'p', service: 's' },
        { organization: 'a', project: 'q', service: 's' },
        { organization: 'a', project: 'p', service: 't' },
        { organization: 'a', project: 'p', service: 's' },
      ];
      for (const one of keys) await store.put({ ...run('r1'), ...one }, at('2026-01-02'));
      assert.deepEqual(await allServices(store), keys.toReversed());
      assert.deepEqual(await allServices(store, { organization: 'a', project: 'p' }), [keys[3], keys[2]]);
      assert.deepEqual(await allServices(store, { organization: 'c' }), []);
    });

    withStore('a record of which one bit changed is not served', async ({ damage, store }) => {
      await store.put(run('r1', { artifact: '{"a":"0123456789"}' }), at('2026-01-02'));
      await damage(key, 'r1');
      await assert.rejects(store.read(key, 'r1'), (error) => isProblem(error, 'evidence_corrupt'));
    });

    withStore(
      'what a crash took from the manifests comes back from the records',
      async ({ forgetManifests, store }) => {
        for (const [i, day] of ['2026-01-02', '2026-01-02', '2026-01-05'].entries())
          await store.put(run(`r${i}`), at(day));
        const before = await answers(store);
        await forgetManifests(key);
        assert.deepEqual(await store.mend(key), { runs: 3, added: 3 });
        assert.deepEqual(await answers(store), before);
        assert.deepEqual(await store.mend(key), { runs: 3, added: 0 });
        assert.equal((await store.put(run('r1'), at('2026-01-09'))).outcome, 'replayed');
      },
    );
  });
}

export function run(runId: string, rest: Partial<NamedRun> = {}): NamedRun {
  return { ...key, run_id: runId, artifact: '{"version":1}', ...rest };
}

async function answers(store: RunStore) {
  const days = await daysOf(store);
  return { days, runs: await Promise.all(days.map((day) => store.day(key, { day }))), latest: await store.latest(key) };
}

async function daysOf(store: RunStore): Promise<string[]> {
  return (await store.days(key)).map(({ day }) => day);
}

async function allServices(store: RunStore, within?: Partial<ServiceKey>): Promise<ServiceKey[]> {
  return await Array.fromAsync(store.services(within));
}
