import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { isProblem } from '#kit/errors.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { formatLine, parseLine } from '../../record/run-line.ts';
import { run, runStoreContract } from '../run-store.contract.ts';
import { openFolderRunStore } from './open-folder-run-store.ts';
import { ServiceFolder } from './service-folder.ts';

const log = { warn: () => undefined, error: () => undefined };

runStoreContract('a folder', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'proofline-runs-'));
  const store = await openFolderRunStore({ dataDir, log });
  return {
    store,
    async damage(key, runId) {
      const path = join(dataDir, new ServiceFolder(dataDir, key).payload(runId));
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    },
    async forgetManifests(key) {
      const { latest, manifests } = new ServiceFolder(dataDir, key);
      rmSync(manifests, { recursive: true });
      rmSync(latest, { force: true });
    },
    async close() {
      await store.close();
      rmSync(dataDir, { recursive: true });
    },
  };
});

const key = { organization: 'acme', project: 'shop', service: 'api' };
const day = '2026-01-02';
const at = (n: number) => `${day}T12:00:00.${String(n).padStart(3, '0')}Z`;

/** A folder that is gone with its test. */
class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'proofline-runs-'));
  readonly errors: string[] = [];
  readonly service = new ServiceFolder(this.path, key);
  readonly manifest = this.service.manifest(day);

  open() {
    const error = (_: object, message: string) => void this.errors.push(message);
    return openFolderRunStore({ dataDir: this.path, log: { warn: () => undefined, error } });
  }

  /** A store with so many runs, closed again. */
  async fill(runs: number): Promise<void> {
    const store = await this.open();
    for (let i = 0; i < runs; i++) await store.put(run(`r${i}`), at(i));
    await store.close();
  }

  /** As after a process that was killed, or a power cut. */
  uncleanEnd(): void {
    rmSync(join(this.path, '.clean'));
  }

  [Symbol.dispose]() {
    rmSync(this.path, { recursive: true });
  }
}

const ids = (lines: readonly { run_id: string }[]) => lines.map(({ run_id }) => run_id);

describe('a run store in a folder', () => {
  test('lies where its readers look for it, and what it keeps for itself begins with a dot', async () => {
    using folder = new Folder();
    await folder.fill(2);
    const files = readdirSync(folder.path, { recursive: true, withFileTypes: true });
    const names = files
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name).slice(folder.path.length + 1));
    const service = 'acme/shop/api';
    assert.deepEqual(names.filter((name) => !name.startsWith('.')).sort(), [
      `${service}/latest.json`,
      `${service}/manifests/date=${day}.jsonl`,
      `${service}/r0/payload.json`,
      `${service}/r1/payload.json`,
    ]);
    assert.deepEqual(names.filter((name) => name.startsWith('.')).sort(), ['.clean', '.lock']);
    const lines = readFileSync(folder.manifest, 'utf8').split('\n').filter(Boolean);
    assert.deepEqual(ids(lines.map((line) => parseLine(line) ?? assert.fail(line))), ['r0', 'r1']);
    assert.equal(readFileSync(folder.service.latest, 'utf8'), `${lines[1]}\n`);
  });

  test('a second process, or a second store, is refused', async () => {
    using folder = new Folder();
    const store = await folder.open();
    await assert.rejects(
      folder.open(),
      (error) => error instanceof StartupError && /Another process/.test(error.message),
    );
    const child = spawnSync(process.execPath, [join(import.meta.dirname, 'testing/open-once.ts'), folder.path], {
      encoding: 'utf8',
    });
    assert.match(child.stdout, /StartupError: Another process/);
    await store.close();
    await (await folder.open()).close();
    const after = spawnSync(process.execPath, [join(import.meta.dirname, 'testing/open-once.ts'), folder.path], {
      encoding: 'utf8',
    });
    assert.equal(after.stdout, 'opened\n', after.stderr);
  });

  test('a torn last line is never glued to the next one', async () => {
    for (const unclean of [true, false])
      for (const cut of [1, 30]) {
        using folder = new Folder();
        await folder.fill(3);
        writeFileSync(folder.manifest, readFileSync(folder.manifest, 'utf8').slice(0, -cut));
        if (unclean) folder.uncleanEnd();
        const store = await folder.open();
        if (!unclean) assert.deepEqual(ids(await store.day(key, { day })), ['r0', 'r1']);
        await store.put(run('r3'), at(3));
        const expected = unclean ? ['r0', 'r1', 'r2', 'r3'] : ['r0', 'r1', 'r3'];
        assert.deepEqual(ids(await store.day(key, { day })), expected);
        for (const line of readFileSync(folder.manifest, 'utf8').slice(0, -1).split('\n'))
          assert.ok(parseLine(line), line);
        await store.close();
      }
  });

  test('after an end that was not orderly, each question is answered from what the records say', async () => {
    const questions = {
      day: async (store: Opened) => ids(await store.day(key, { day })),
      days: async (store: Opened) => ((await store.days(key)).length === 1 ? ids(await store.day(key, { day })) : []),
      latest: async (store: Opened) =>
        (await store.latest(key))?.run_id === 'r3' ? ids(await store.day(key, { day })) : [],
      read: async (store: Opened) =>
        (await store.read(key, 'r1')) === undefined ? [] : ids(await store.day(key, { day })),
      services: async (store: Opened) =>
        (await Array.fromAsync(store.services())).length === 1 ? ids(await store.day(key, { day })) : [],
      put: async (store: Opened) => {
        assert.equal((await store.put(run('r1'), at(9))).outcome, 'replayed');
        return ids(await store.day(key, { day }));
      },
    };
    for (const [name, ask] of Object.entries(questions)) {
      using folder = new Folder();
      await folder.fill(4);
      folder.uncleanEnd();
      // One line lost, one of no record, one twice, one that nobody has written; and a folder that never got its record.
      const [first = '', second = '', third = '', fourth = ''] = readFileSync(folder.manifest, 'utf8').split('\n');
      assert.ok(fourth !== '' && second !== '');
      const stranger = formatLine({ ...(parseLine(first) ?? assert.fail()), run_id: 'stranger' });
      writeFileSync(folder.manifest, [first, third, `${stranger}${first}`, 'what is this', fourth, ''].join('\n'));
      mkdirSync(join(folder.service.path, 'never'));
      const store = await folder.open();
      assert.deepEqual(await ask(store), ['r0', 'r1', 'r2', 'r3'], name);
      await store.close();
      assert.ok(existsSync(join(folder.path, '.clean')), name);
      assert.deepEqual(folder.errors, []);
    }
  });

  test('an orderly end is believed: records are not looked at again', async () => {
    using folder = new Folder();
    await folder.fill(3);
    rmSync(folder.manifest);
    const store = await folder.open();
    assert.deepEqual(await store.days(key), []);
    assert.deepEqual(await store.mend(key), { runs: 3, added: 3 });
    assert.deepEqual(ids(await store.day(key, { day })), ['r0', 'r1', 'r2']);
    await store.close();
  });

  test('services that nobody asks for are mended too, before an end counts as orderly', async () => {
    using folder = new Folder();
    await folder.fill(2);
    folder.uncleanEnd();
    rmSync(folder.manifest);
    const store = await folder.open();
    const lines = () =>
      existsSync(folder.manifest) ? readFileSync(folder.manifest, 'utf8').split('\n').length - 1 : 0;
    for (let waited = 0; lines() < 2 && waited < 5000; waited += 10) await pause(10);
    assert.equal(lines(), 2);
    await store.close();
    assert.ok(existsSync(join(folder.path, '.clean')));
  });

  test('a damaged record keeps nobody else from being listed, and is said aloud', async () => {
    using folder = new Folder();
    await folder.fill(3);
    folder.uncleanEnd();
    rmSync(folder.manifest);
    const path = join(folder.path, folder.service.payload('r1'));
    writeFileSync(path, readFileSync(path, 'utf8').replace('"acme"', '"acne'));
    const store = await folder.open();
    assert.deepEqual(ids(await store.day(key, { day })), ['r0', 'r2']);
    assert.equal(folder.errors.length, 1);
    await assert.rejects(store.read(key, 'r1'), (error) => isProblem(error, 'evidence_corrupt'));
    await store.close();
  });

  test('a record that says another time than it was kept with is not served, wherever that would lead', async () => {
    using folder = new Folder();
    await folder.fill(1);
    const path = join(folder.path, folder.service.payload('r0'));
    const text = readFileSync(path, 'utf8');
    const store = await folder.open();
    for (const other of ['2026-01-03', '../../../a', '2026-01-02T']) {
      writeFileSync(path, text.replace('2026-01-02', other));
      await assert.rejects(store.read(key, 'r0'), (error) => isProblem(error, 'evidence_corrupt'), other);
    }
    await store.close();
  });

  test('of a record with any one bit flipped, nothing is served', async () => {
    using folder = new Folder();
    await folder.fill(2);
    const path = join(folder.path, folder.service.payload('r0'));
    const whole = readFileSync(path);
    const store = await folder.open();
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] = (whole[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(path, bytes);
      await assert.rejects(store.read(key, 'r0'), (error) => isProblem(error, 'evidence_corrupt'), `bit ${bit}`);
    }
    writeFileSync(path, whole);
    assert.ok(whole.equals((await store.read(key, 'r0'))?.payload ?? new Uint8Array()));
    await store.close();
  });

  test('where the folder has gone, with its disk, no answer is an empty one', async () => {
    using folder = new Folder();
    await folder.fill(1);
    const store = await folder.open();
    const away = `${folder.path}-away`;
    renameSync(folder.path, away);
    mkdirSync(folder.path);
    const questions = [
      () => store.read(key, 'r0'),
      () => store.day(key, { day }),
      () => store.days(key),
      () => Array.fromAsync(store.services()),
      () => store.latest({ ...key, service: 'web' }),
      () => store.put(run('r1'), at(1)),
    ];
    for (const ask of questions) await assert.rejects(ask(), (error) => isProblem(error, 'storage_unavailable'));
    assert.equal(await store.health(), 'unavailable');
    assert.deepEqual(readdirSync(folder.path), []);
    rmdirSync(folder.path);
    renameSync(away, folder.path);
    assert.deepEqual(ids(await store.day(key, { day })), ['r0']);
    await store.close();
  });

  test('manifests of more days than stay open lose nothing', async () => {
    using folder = new Folder();
    let store = await folder.open();
    const many = Array.from({ length: 400 }, (_, i) => new Date(Date.UTC(2025, 0, 1 + (i % 200))).toISOString());
    await Promise.all(many.map((time, i) => store.put(run(`r${i}`), time)));
    await store.close();
    assert.ok(existsSync(join(folder.path, '.clean')));
    store = await folder.open();
    assert.equal((await store.days(key)).length, 200);
    for (const of of await store.days(key)) assert.equal((await store.day(key, of)).length, 2);
    await store.close();
  });

  test('mending while runs are put takes none of them', async () => {
    using folder = new Folder();
    const store = await folder.open();
    const puts = Array.from({ length: 60 }, (_, i) => store.put(run(`r${i}`), at(i)));
    for (let i = 0; i < 10; i++) {
      // What belongs to no record makes it write the manifest anew.
      if (existsSync(folder.manifest)) appendFileSync(folder.manifest, 'stranger\n');
      await store.mend(key);
    }
    await Promise.all(puts);
    assert.equal((await store.day(key, { day })).length, 60);
    assert.deepEqual(await store.mend(key), { runs: 60, added: 0 });
    await store.close();
  });
});

type Opened = Awaited<ReturnType<Folder['open']>>;
