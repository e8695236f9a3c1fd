import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '#kit/errors.ts';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import type { NamedRun } from '../../record/seal-run.ts';
import { ServiceFolder } from '../folder/service-folder.ts';
import { ObjectRunStore } from '../objects/object-run-store.ts';
import { run, runStoreContract } from '../run-store.contract.ts';
import type { PutOutcome, RunStore } from '../run-store.ts';
import { HybridRunStore } from './hybrid-run-store.ts';

const key = { organization: 'acme', project: 'shop', service: 'api' };
const times = { firstPauseMs: 5, longestPauseMs: 40, answerMs: 300 };
const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 3_600_000).toISOString();

/** The other store, and what its network does. */
class Remote {
  readonly store = new ObjectRunStore(new MemoryObjectStore(), 'strict');
  /** Decides over each put before it is sent, and may hold back its answer. */
  weather: (n: number, send: () => Promise<PutOutcome>) => Promise<PutOutcome> = (_, send) => send();
  readonly sent: string[] = [];

  get away(): RunStore {
    const put = (one: NamedRun, receivedAt: string) => {
      this.sent.push(one.run_id);
      return this.weather(this.sent.length, () => this.store.put(one, receivedAt));
    };
    return Object.assign(Object.create(this.store) as RunStore, { put, close: async () => undefined });
  }
}

const gone = () => Promise.reject(new Problem('storage_unavailable'));

class Setting {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'proofline-hybrid-'));
  readonly remote = new Remote();
  readonly errors: object[] = [];
  readonly log = { warn: () => undefined, error: (fields: object) => void this.errors.push(fields) };

  open(): Promise<HybridRunStore> {
    return HybridRunStore.open({ dataDir: this.dataDir, log: this.log, times, to: this.remote.away });
  }

  async [Symbol.asyncDispose]() {
    rmSync(this.dataDir, { recursive: true });
  }
}

async function copied(store: HybridRunStore): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 10) {
    const { counting, lastError, oldestReceivedAt, pending } = store.lag();
    if (!counting && pending === 0 && oldestReceivedAt === undefined && lastError === undefined) return;
    await pause(10);
  }
  assert.fail(`not copied: ${JSON.stringify(store.lag())}`);
}

async function everything(store: RunStore) {
  const found: unknown[] = [];
  for await (const service of store.services())
    for (const day of await store.days(service))
      for (const line of await store.day(service, day)) {
        const payload = (await store.read(service, line.run_id))?.payload;
        found.push({ service, line, payload: payload === undefined ? undefined : Buffer.from(payload).toString() });
      }
  return found;
}

async function assertSame(store: HybridRunStore, { remote }: Setting, runs: number): Promise<void> {
  const [here, there] = [await everything(store), await everything(remote.store)];
  assert.equal(here.length, runs);
  assert.deepEqual(there, here);
}

runStoreContract('hybrid, the other store away', async () => {
  const setting = new Setting();
  setting.remote.weather = gone;
  const store = await setting.open();
  return {
    store,
    async damage(of, runId) {
      const path = join(setting.dataDir, new ServiceFolder(setting.dataDir, of).payload(runId));
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    },
    forgetManifests: async (of) => rmSync(new ServiceFolder(setting.dataDir, of).manifests, { recursive: true }),
    async close() {
      await store.close();
      await setting[Symbol.asyncDispose]();
    },
  };
});

describe('a hybrid run store', () => {
  test('the copy has the same bytes and times, and comes in the order of acceptance', async () => {
    await using setting = new Setting();
    const store = await setting.open();
    for (let i = 0; i < 30; i++) await store.put(run(`r${i}`, { artifact: `{"n": ${i}.0}` }), at(i));
    await copied(store);
    await assertSame(store, setting, 30);
    assert.deepEqual(
      setting.remote.sent,
      Array.from({ length: 30 }, (_, i) => `r${i}`),
    );
    await store.close();
  });

  test('while the other store is away runs are accepted, and when it is back nothing is missing', async () => {
    await using setting = new Setting();
    setting.remote.weather = gone;
    const store = await setting.open();
    for (let i = 0; i < 40; i++) await store.put({ ...run(`r${i}`), service: `s${i % 12}` }, at(i));
    await pause(100);
    const { counting: _, ...lag } = store.lag();
    assert.deepEqual(lag, { pending: 40, oldestReceivedAt: at(0), lastError: 'storage_unavailable', refused: 0 });
    assert.deepEqual(await everything(setting.remote.store), []);
    setting.remote.weather = (_, send) => send();
    await copied(store);
    await assertSame(store, setting, 40);
    await store.close();
  });

  test('answers that are lost, before or after the other store did its work, double nothing', async () => {
    await using setting = new Setting();
    setting.remote.weather = async (n, send) => {
      if (n % 3 === 0) return await gone();
      const put = await send();
      return n % 3 === 1 ? await gone() : put;
    };
    const store = await setting.open();
    await Promise.all(Array.from({ length: 25 }, (_, i) => store.put(run(`r${i}`), at(i))));
    await copied(store);
    await assertSame(store, setting, 25);
    assert.ok(setting.remote.sent.length > 25);
    await store.close();
  });

  test('an answer that comes late, or never, is not waited for', async () => {
    await using setting = new Setting();
    setting.remote.weather = async (n, send) => {
      if (n === 1) return await new Promise(() => undefined);
      const put = await send();
      if (n === 2) await pause(times.answerMs * 1.5);
      return put;
    };
    const store = await setting.open();
    await Promise.all(Array.from({ length: 5 }, (_, i) => store.put(run(`r${i}`), at(i))));
    await copied(store);
    await assertSame(store, setting, 5);
    await store.close();
  });

  test('a conflict on the other side is said aloud, counted, and in nobody else’s way', async () => {
    await using setting = new Setting();
    const standing = await setting.remote.store.put(run('r1', { artifact: '"something else"' }), at(0));
    const store = await setting.open();
    for (let i = 0; i < 4; i++) await store.put(run(`r${i}`), at(i));
    await copied(store);
    assert.equal(store.lag().refused, 1);
    assert.deepEqual(setting.errors, [{ ...key, run_id: 'r1', reason: 'conflict' }]);
    assert.deepEqual((await setting.remote.store.read(key, 'r1'))?.line, standing.line);
    for (const id of ['r0', 'r2', 'r3'])
      assert.deepEqual((await setting.remote.store.read(key, id))?.line, (await store.read(key, id))?.line);
    await store.close();
  });

  test('a record that is damaged here is said aloud and not copied', async () => {
    await using setting = new Setting();
    setting.remote.weather = gone;
    const store = await setting.open();
    for (let i = 0; i < 3; i++) await store.put(run(`r${i}`), at(i));
    const path = join(setting.dataDir, new ServiceFolder(setting.dataDir, key).payload('r1'));
    writeFileSync(path, readFileSync(path, 'utf8').replace('"version":1', '"version":2'));
    setting.remote.weather = (_, send) => send();
    await copied(store);
    assert.deepEqual(setting.errors, [{ ...key, run_id: 'r1', reason: 'damaged' }]);
    assert.equal(await setting.remote.store.read(key, 'r1'), undefined);
    assert.ok(await setting.remote.store.read(key, 'r2'));
    await store.close();
  });

  test('the next process goes on where the last one ended, and sends nothing again', async () => {
    await using setting = new Setting();
    let store = await setting.open();
    for (let i = 0; i < 10; i++) await store.put(run(`r${i}`), at(i));
    await copied(store);
    setting.remote.weather = gone;
    for (let i = 10; i < 20; i++) await store.put(run(`r${i}`), at(i));
    await store.close();
    setting.remote.sent.length = 0;
    setting.remote.weather = (_, send) => send();
    store = await setting.open();
    await copied(store);
    await assertSame(store, setting, 20);
    assert.deepEqual(
      setting.remote.sent,
      Array.from({ length: 10 }, (_, i) => `r${i + 10}`),
    );
    await store.close();
  });

  test('a lost or torn cursor only repeats work', async () => {
    await using setting = new Setting();
    let store = await setting.open();
    for (let i = 0; i < 10; i++) await store.put(run(`r${i}`), at(i));
    await copied(store);
    for (const text of [undefined, '{"2026-01-0', '{"2026-01-01":99999999}']) {
      await store.close();
      const cursor = join(setting.dataDir, '.cursors/acme/shop/api.json');
      if (text === undefined) rmSync(cursor);
      else writeFileSync(cursor, text);
      setting.remote.sent.length = 0;
      store = await setting.open();
      await copied(store);
      await assertSame(store, setting, 10);
      assert.equal(setting.remote.sent.length, 10);
      assert.deepEqual(setting.errors, []);
    }
    await store.close();
  });

  test('a manifest that is written anew is copied again from its beginning', async () => {
    await using setting = new Setting();
    const store = await setting.open();
    for (let i = 0; i < 6; i++) await store.put(run(`r${i}`), at(i));
    await copied(store);
    setting.remote.weather = gone;
    await store.put(run('r6'), at(6));
    rmSync(new ServiceFolder(setting.dataDir, key).manifests, { recursive: true });
    assert.deepEqual(await store.mend(key), { runs: 7, added: 7 });
    setting.remote.weather = (_, send) => send();
    await copied(store);
    await assertSame(store, setting, 7);
    await store.close();
  });
});
