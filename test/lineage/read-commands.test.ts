import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LineageApi } from '#client/lineage/lineage-api.ts';
import { lineage } from '../support/lineage-cli.ts';
import { type LineageServer, lineageToken, readerToken, startLineageServer } from '../support/lineage-server.ts';

let server: LineageServer;
const names = ['--organization', 'acme', '--project', 'shop', '--service', 'api'];
const key = { organization: 'acme', project: 'shop', service: 'api' };
const artifacts = [
  '{"models":[{"name":"orders","columns":["id"]}],"n":1}',
  '{"models":[{"name":"users"},{"name":"orders","columns":["id","at"]}],"n":2.50}',
  '{"models":[{"name":"users"},{"name":"orders","columns":["id","at"]}],"n":2.5}',
];
before(async () => {
  server = await startLineageServer();
  const api = new LineageApi({ baseUrl: server.url, token: lineageToken });
  for (const [i, artifact] of artifacts.entries())
    await api.push(
      new TextEncoder().encode(
        `{"organization":"acme","project":"shop","service":"api","run_id":"r${i}","commit_sha":"c${i}","artifact":${artifact}}`,
      ),
    );
});
after(() => server.close());
const env = () => ({ STRICTURE_SERVER_URL: server.url, STRICTURE_SERVER_INGEST_TOKEN: readerToken });

test('latest prints the bytes that are kept, or a part of them as it came', async () => {
  const kept = await server.store.read(key, 'r2');
  const whole = await lineage(['latest', ...names], env());
  assert.equal(whole.code, 0, whole.stderr);
  assert.equal(whole.stdout, new TextDecoder().decode(kept?.payload));
  assert.ok(whole.stderr.includes(kept?.line.sha256 ?? 'none'));
  const part = await lineage(['latest', ...names, '--only', 'artifact'], env());
  assert.equal(part.stdout, `${artifacts[2]}\n`);
  const [absent, wrong, nobody] = await Promise.all([
    lineage(['latest', ...names, '--only', 'diff'], env()),
    lineage(['latest', ...names, '--only', 'everything'], env()),
    lineage(['latest', ...names, '--service', 'nobody', '--json'], env()),
  ]);
  assert.deepEqual([absent.code, wrong.code, nobody.code], [1, 2, 1]);
  assert.equal(JSON.parse(nobody.stdout).code, 'service_not_found');
});

test('runs are lines outside of a terminal, JSON when asked for, and as many as wanted', async () => {
  const lines = await lineage(['runs', ...names], env());
  assert.equal(lines.code, 0, lines.stderr);
  const rows = lines.stdout.trimEnd().split('\n');
  assert.deepEqual(
    rows.map((row) => row.split('\t').slice(1, 4)),
    [
      ['r2', 'c2', 'none'],
      ['r1', 'c1', 'none'],
      ['r0', 'c0', 'none'],
    ],
  );
  const json = await lineage(['runs', ...names, '--json', '--limit', '2'], env());
  const stored = await server.store.day(key, { day: '2026-01-30' });
  assert.deepEqual(
    json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    stored.toReversed().slice(0, 2),
  );
  const some = await lineage(['runs', ...names, '--commit', 'c1', '--from', '2026-01-30', '--to', '2026-01-30'], env());
  assert.equal(some.stdout.trimEnd().split('\n').length, 1);
  const [none, wrong, question] = await Promise.all([
    lineage(['runs', ...names, '--from', '2027-01-01'], env()),
    lineage(['runs', ...names, '--limit', '0'], env()),
    lineage(['runs', ...names, '--from', 'yesterday'], env()),
  ]);
  assert.deepEqual([none.code, none.stdout, wrong.code, question.code], [0, '', 2, 1]);
});

test('diff tells what changed between two runs, for people and as JSON', async () => {
  const shown = await lineage(['diff', 'r0', 'r1', ...names], env());
  assert.equal(shown.code, 0, shown.stderr);
  assert.equal(
    shown.stdout,
    [
      '+ models[orders].columns[at]  "at"',
      '+ models[users]  {"name":"users"}',
      '~ models  order: "users" "orders"',
      '~ n  1 -> 2.5',
      '',
    ].join('\n'),
  );
  const json = await lineage(['diff', 'r0', '--latest', ...names, '--json', '--exit-code'], env());
  assert.equal(json.code, 1);
  const { changes, from, to } = JSON.parse(json.stdout);
  assert.deepEqual([from.run_id, to.run_id, changes.length], ['r0', 'r2', 4]);
  const same = await lineage(['diff', '--latest', ...names, '--exit-code'], env());
  assert.deepEqual([same.code, same.stdout], [0, '']);
  assert.match(same.stderr, /From r1[\s\S]*to {3}r2[\s\S]*Nothing changed/);
  const [few, many, none] = await Promise.all([
    lineage(['diff', 'r0', ...names], env()),
    lineage(['diff', 'r0', 'r1', '--latest', ...names], env()),
    lineage(['diff', 'r0', 'r9', ...names], env()),
  ]);
  assert.deepEqual([few.code, many.code, none.code], [2, 2, 1]);
});
