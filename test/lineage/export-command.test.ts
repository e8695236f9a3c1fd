import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { exportManifest } from '#client/lineage/export/export-manifest.ts';
import { chainService, makeManifest } from '#client/lineage/export/make-manifest.ts';
import { LineageApi } from '#client/lineage/lineage-api.ts';
import { read } from '#client/shape.ts';
import { until } from '../deploy/support.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { lineage } from '../support/lineage-cli.ts';
import { type LineageServer, lineageToken, startLineageServer } from '../support/lineage-server.ts';
import { cli, repository, scratchFolder } from '../support/server.ts';
import { codesOf, verified } from '../support/verified-export.ts';

const folder = scratchFolder('lineage-export');
const whole = join(folder.path, 'whole');
const runsOf = { api: 24, web: 12 };
let server: LineageServer;
let proxy: FaultyProxy;
let root: string;

async function push(service: string, runId: string, artifact: string): Promise<void> {
  const api = new LineageApi({ baseUrl: server.url, token: lineageToken });
  const envelope = `{"organization":"acme","project":"shop","service":"${service}","run_id":"${runId}","artifact":${artifact}}`;
  await api.push(new TextEncoder().encode(envelope));
}
const env = () => ({ STRICTURE_SERVER_URL: proxy.url, STRICTURE_SERVER_INGEST_TOKEN: lineageToken });
const exported = (to: string, ...more: string[]) => lineage(['export', to, '--json', ...more], env());
const recordsIn = (path: string) => globSync('v1/**/payload.json', { cwd: path }).sort();
const recordsAsked = () => proxy.seen.filter(({ path }) => /\/runs\/./.test(path)).length;

before(async () => {
  server = await startLineageServer();
  proxy = await startFaultyProxy(server.url);
  for (const [service, count] of Object.entries(runsOf))
    for (let i = 0; i < count; i++) await push(service, `r${i}`, `{"n":${i}.0}`);
  const made = await exported(whole);
  assert.equal(made.code, 0, made.stderr);
  const done = JSON.parse(made.stdout.trimEnd().split('\n').at(-1) ?? '');
  assert.deepEqual([done.event, done.service_count, done.run_count, done.copied], ['done', 2, 36, 36]);
  root = done.root;
});
after(async () => {
  proxy.close();
  await server.close();
  folder.remove();
});
afterEach(() => {
  proxy.fault = () => undefined;
  proxy.seen.length = 0;
});

/** A copy of the whole export that a test may spoil. */
function copy(name: string): string {
  const path = join(folder.path, name);
  cpSync(whole, path, { recursive: true });
  return path;
}

interface ManifestFile {
  services: { runs: { run_id: string }[]; run_count: number }[];
}

function editManifest(path: string, edit: (manifest: ManifestFile) => void): void {
  const manifest: ManifestFile = JSON.parse(readFileSync(join(path, 'lineage.json'), 'utf8'));
  edit(manifest);
  writeFileSync(join(path, 'lineage.json'), JSON.stringify(manifest));
}

const recordOf = (service: string, runId: string) =>
  globSync(`v1/org=acme/project=shop/service=${service}/date=*/run=${runId}/payload.json`, { cwd: whole })[0] ?? '';

test('an export has every record where the server keeps it, and verifies without the server', async () => {
  assert.equal(recordsIn(whole).length, 36);
  assert.equal(new Set(recordsIn(whole).map((path) => /date=([^/]+)/.exec(path)?.[1])).size, 2);
  for (const runId of ['r0', 'r23']) {
    const kept = await server.store.read({ organization: 'acme', project: 'shop', service: 'api' }, runId);
    assert.deepEqual(readFileSync(join(whole, recordOf('api', runId))), Buffer.from(kept?.payload ?? []));
  }
  proxy.seen.length = 0;
  const { code, report } = await verified(whole, '--root', root);
  assert.deepEqual([code, report.ok, report.root, report.failures], [0, true, root, []]);
  assert.deepEqual(
    report.services.map(({ ok, run_count, runs_verified, service }) => [service, run_count, runs_verified, ok]),
    [
      ['api', 24, 24, true],
      ['web', 12, 12, true],
    ],
  );
  assert.equal(proxy.seen.length, 0);
  const text = await cli(['verify', whole]);
  assert.match(text.stdout, /24 of 24 runs verified[\s\S]*Verified: whole/);
});

test('every kind of damage is found and named', async () => {
  const cases: [string, (path: string) => void, string[], RegExp][] = [
    [
      'a flipped bit',
      (path) => {
        const bytes = readFileSync(join(path, recordOf('api', 'r5')));
        bytes[bytes.length - 4] = (bytes[bytes.length - 4] ?? 0) ^ 1;
        writeFileSync(join(path, recordOf('api', 'r5')), bytes);
      },
      ['hash_differs'],
      /run=r5/,
    ],
    ['a removed record', (path) => rmSync(join(path, recordOf('api', 'r5'))), ['record_missing'], /run=r5/],
    [
      'an added record',
      (path) =>
        cpSync(join(path, recordOf('api', 'r5')), join(path, recordOf('api', 'r5').replace('run=r5', 'run=x5'))),
      ['file_unexpected'],
      /run=x5/,
    ],
    [
      'a reordered manifest',
      (path) =>
        editManifest(path, ({ services: [api] }) => {
          const [a, b, ...rest] = api?.runs ?? [];
          if (api && a && b) api.runs = [b, a, ...rest];
        }),
      ['link_differs', 'run_out_of_order'],
      /r0 stands behind r1/,
    ],
    [
      'a record removed together with its line',
      (path) => {
        rmSync(join(path, recordOf('api', 'r5')));
        editManifest(path, ({ services: [api] }) => {
          if (api) api.runs = api.runs.filter(({ run_id }) => run_id !== 'r5');
        });
      },
      ['count_differs', 'link_differs', 'total_bytes_differ'],
      /r6 does not follow r4/,
    ],
    [
      'the last record removed together with its line',
      (path) => {
        rmSync(join(path, recordOf('api', 'r23')));
        editManifest(path, ({ services: [api] }) => void api?.runs.pop());
      },
      ['chain_differs', 'count_differs', 'total_bytes_differ'],
      /does not end with the last run/,
    ],
    [
      'a line that says something else',
      (path) =>
        editManifest(path, ({ services: [api] }) => void Object.assign(api?.runs[3] ?? {}, { impact: 'downstream' })),
      ['link_differs', 'record_differs'],
      /about: impact/,
    ],
    ['no manifest', (path) => rmSync(join(path, 'lineage.json')), ['manifest_missing'], /not in the folder/],
    [
      'half a manifest',
      (path) => writeFileSync(join(path, 'lineage.json'), '{"for'),
      ['manifest_unreadable'],
      /cannot be read/,
    ],
    [
      'a run id that leads elsewhere',
      (path) =>
        editManifest(path, ({ services: [api] }) => void Object.assign(api?.runs[0] ?? {}, { run_id: '../../x' })),
      ['manifest_invalid'],
      /must be a run id/,
    ],
    [
      'a service left out',
      (path) => editManifest(path, ({ services }) => void services.pop()),
      ['count_differs', 'file_unexpected', 'root_differs', 'total_bytes_differ'],
      /1 services are listed/,
    ],
  ];
  for (const [name, spoil, codes, said] of cases) {
    const path = copy(name);
    spoil(path);
    const found = await verified(path);
    assert.equal(found.code, 1, name);
    assert.deepEqual(codesOf(found), codes, name);
    assert.match(JSON.stringify(found.report.failures), said, name);
    const text = await cli(['verify', path]);
    assert.equal(text.code, 1, name);
    assert.match(text.stdout, /NOT VERIFIED/, name);
  }
});

test('a record written by somebody else is found even where hashes and chain were made anew', async () => {
  const path = copy('resealed');
  const forged = readFileSync(join(path, recordOf('api', 'r5')), 'utf8').replace('"artifact":', '"artifact" :');
  writeFileSync(join(path, recordOf('api', 'r5')), forged);
  const edited = read(exportManifest, JSON.parse(readFileSync(join(path, 'lineage.json'), 'utf8')));
  assert.ok('value' in edited);
  const { generated_at, scope, services } = edited.value;
  const sha256 = createHash('sha256').update(forged).digest('hex');
  const rechained = await Promise.all(
    services.map((service, i) =>
      chainService(
        service,
        service.runs.map(({ link: _, ...line }) =>
          i === 0 && line.run_id === 'r5' ? { ...line, sha256, bytes: forged.length } : line,
        ),
      ),
    ),
  );
  writeFileSync(join(path, 'lineage.json'), JSON.stringify(await makeManifest(rechained, { generated_at, scope })));
  assert.deepEqual(codesOf(await verified(path)), ['record_not_sealed']);

  const without = copy('without');
  rmSync(join(without, recordOf('api', 'r5')));
  const shorter = await Promise.all(
    services.map((service, i) =>
      chainService(
        service,
        service.runs.filter(({ run_id }) => i > 0 || run_id !== 'r5'),
      ),
    ),
  );
  writeFileSync(join(without, 'lineage.json'), JSON.stringify(await makeManifest(shorter, { generated_at, scope })));
  assert.equal((await verified(without)).code, 0, 'whoever makes everything anew is found by the root alone');
  assert.deepEqual(codesOf(await verified(without, '--root', root)), ['root_differs']);
});

test('an export that was killed says so, and goes on without fetching again what is there', async () => {
  const path = join(folder.path, 'killed');
  proxy.fault = (request) => (/\/runs\/./.test(request.path) && recordsAsked() > 10 ? { kind: 'stall' } : undefined);
  const child = spawn(process.execPath, [join(repository, 'src/main.ts'), 'lineage', 'export', path], {
    env: { ...process.env, ...env() },
    stdio: 'ignore',
  });
  const ended = once(child, 'close');
  await until(() => existsSync(path) && recordsIn(path).length === 10, 'ten records copied');
  child.kill('SIGKILL');
  await ended;
  assert.deepEqual(codesOf(await verified(path)), ['export_unfinished', 'manifest_missing']);
  writeFileSync(join(path, `${recordsIn(path)[0]}.part`), 'half a rec');
  writeFileSync(join(path, recordsIn(path)[1] ?? ''), 'what a power cut left');

  proxy.fault = () => undefined;
  proxy.seen.length = 0;
  const other = await exported(path, '--organization', 'acme');
  assert.equal(other.code, 73, other.stdout);
  const again = await exported(path);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  const done = JSON.parse(again.stdout.trimEnd().split('\n').at(-1) ?? '');
  assert.deepEqual([done.copied, done.present, done.root], [27, 9, root]);
  assert.equal(recordsAsked(), 27);
  assert.equal((await verified(path, '--root', root)).code, 0);
});

test('one service alone; given again, what is new is added; what the server lost is not taken for an update', async () => {
  const path = join(folder.path, 'one');
  const scope = ['--organization', 'ACME', '--project', 'shop', '--service', 'cart'];
  await push('cart', 'r0', '1');
  assert.equal((await exported(path, ...scope)).code, 0);
  assert.equal(recordsIn(path).length, 1);
  await push('cart', 'r1', '2');
  proxy.seen.length = 0;
  assert.equal((await exported(path, ...scope)).code, 0);
  assert.deepEqual([recordsIn(path).length, recordsAsked()], [2, 1]);
  assert.equal((await verified(path)).code, 0);

  const empty = await startLineageServer();
  try {
    const lost = await lineage(['export', path, ...scope], { ...env(), STRICTURE_SERVER_URL: empty.url });
    assert.equal(lost.code, 1, lost.stderr);
    assert.match(lost.stderr, /no longer has run r0/);
  } finally {
    await empty.close();
  }
});

test('a record that is not the one listed, a folder of something else, and wrong options', async () => {
  proxy.fault = ({ path }) => (path.endsWith('/runs/r7') ? { kind: 'altered' } : undefined);
  const altered = await exported(join(folder.path, 'altered'));
  assert.equal(altered.code, 76, altered.stdout);
  writeFileSync(join(folder.path, 'a-file'), '');
  const [occupied, file, nothing, wrong, key, noBundle] = await Promise.all([
    exported(folder.path),
    exported(join(folder.path, 'a-file')),
    cli(['verify', join(repository, 'bin')]),
    cli(['verify', whole, '--root', 'abc']),
    cli(['verify', whole, '--key-file', 'key.json']),
    cli(['verify', join(folder.path, 'a-file'), '--root', root]),
  ]);
  assert.deepEqual(
    [occupied, file, nothing, wrong, key, noBundle].map(({ code }) => code),
    [73, 73, 66, 2, 2, 1],
  );
});
