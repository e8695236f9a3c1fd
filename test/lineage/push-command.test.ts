import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { readStoredRun } from '#features/lineage/record/index.ts';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { requestSecret, startGitHubIssuer } from '../support/github-issuer.ts';
import { lineage } from '../support/lineage-cli.ts';
import { type LineageServer, lineageToken, readerToken, startLineageServer } from '../support/lineage-server.ts';
import { scratchFolder, writeFileIn } from '../support/server.ts';

const folder = scratchFolder('lineage-push');
const objects = new MemoryObjectStore();
let server: LineageServer;
let proxy: FaultyProxy;
before(async () => {
  server = await startLineageServer({ objects });
  proxy = await startFaultyProxy(server.url);
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

/** Spellings that a program which reads and writes JSON would change. */
const artifactText = '{ "n": 1.00,\n  "big": 12345678901234567890, "e": 1E+2, "s": "\\u00e9" }\n';
const artifact = writeFileIn(folder.path, 'artifact.json', artifactText);
const file = (name: string, content: string) => writeFileIn(folder.path, name, content);
const names = (service: string) => ['--organization', 'Acme Inc.', '--project', 'shop', '--service', service];
const withToken = () => ({ STRICTURE_SERVER_URL: proxy.url, STRICTURE_SERVER_INGEST_TOKEN: lineageToken });
const key = (service: string) => ({ organization: 'acme-inc', project: 'shop', service });
async function stored(service: string, runId: string) {
  const kept = await server.store.read(key(service), runId);
  assert.ok(kept, `${service} ${runId}`);
  return readStoredRun(kept.payload);
}

test('a push prints where its record is, and the files arrive byte for byte', async () => {
  const summary = file('summary.json', '{"impact":"downstream"}');
  const diff = file('diff.json', '[ 1.0 ]');
  const args = ['push', ...names('api'), '--run-id', 'r1', '--commit', 'abc', '--generated-at', '2026-01-02T03:04:05Z'];
  const files = ['--artifact', artifact, '--diff', diff, '--summary', summary, '--metadata', 'a=b=c', '__proto__=x'];
  const pushed = await lineage([...args, ...files], withToken());
  assert.equal(pushed.code, 0, pushed.stderr);
  assert.equal(pushed.stdout, `${proxy.url}/v1/lineage/acme-inc/shop/api/runs/r1\n`);
  const run = await stored('api', 'r1');
  assert.equal(run.artifact, artifactText.trim());
  assert.deepEqual(
    [run.diff, run.summary, run.metadata, run.commit_sha, run.generated_at],
    ['[ 1.0 ]', '{"impact":"downstream"}', '{"a":"b=c","__proto__":"x"}', 'abc', '2026-01-02T03:04:05Z'],
  );
  const again = await lineage([...args, ...files, '--json'], withToken());
  assert.equal(again.code, 0, again.stderr);
  const { event, replayed, run_id } = JSON.parse(again.stdout);
  assert.deepEqual([event, run_id, replayed], ['accepted', 'r1', true]);
});

test('other content under the same id is refused, and so are wrong tokens; each with its exit code and one try', async () => {
  const push = ['push', ...names('refused'), '--run-id', 'r1', '--artifact'];
  await lineage([...push, artifact], withToken());
  const cases = [
    [[...push, file('other.json', '{}')], withToken(), 1, /run_conflict/],
    [
      [...push, artifact],
      { ...withToken(), STRICTURE_SERVER_INGEST_TOKEN: 'wrong-token' },
      77,
      /authentication_required/,
    ],
    [[...push, artifact], { ...withToken(), STRICTURE_SERVER_INGEST_TOKEN: readerToken }, 77, /forbidden/],
  ] as const;
  for (const [args, env, code, said] of cases) {
    proxy.seen.length = 0;
    const result = await lineage(args, env);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, said);
    assert.equal(result.stdout, '');
    assert.equal(proxy.seen.length, 1);
    assert.ok(!result.stderr.includes(env.STRICTURE_SERVER_INGEST_TOKEN));
  }
});

test('where the server keeps the first of two, the second is told that it was dropped', async () => {
  const keeping = await startLineageServer({ collisionPolicy: 'noop' });
  try {
    const push = ['push', ...names('first'), '--run-id', 'r1', '--artifact'];
    const env = { ...withToken(), STRICTURE_SERVER_URL: keeping.url };
    await lineage([...push, artifact], env);
    const second = await lineage([...push, file('second.json', '{}')], env);
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stderr, /other content\. What was sent now was dropped/);
    assert.equal(JSON.parse((await lineage([...push, file('second.json', '{}'), '--json'], env)).stdout).kept, 'first');
  } finally {
    await keeping.close();
  }
});

test('an answer that is lost, a 503 and a server that comes back later: kept once, under the id of the first try', async () => {
  proxy.fault = (_, count) =>
    count === 1 ? { kind: 'before', status: 503, retryAfter: '1' } : count === 2 ? { kind: 'lost' } : undefined;
  const pushed = await lineage(['push', ...names('away'), '--artifact', artifact, '--json'], withToken());
  assert.equal(pushed.code, 0, pushed.stderr);
  assert.equal(proxy.seen.length, 3);
  assert.equal(new Set(proxy.seen.map(({ body }) => body.toString())).size, 1);
  assert.equal((await server.store.days(key('away'))).length, 1);
  const { replayed, run_id } = JSON.parse(pushed.stdout);
  assert.deepEqual([replayed, (await stored('away', run_id)).run_id], [true, run_id]);

  const { port } = server;
  await server.close();
  const waiting = lineage(['push', ...names('away'), '--run-id', 'back', '--artifact', artifact], {
    ...withToken(),
    STRICTURE_SERVER_URL: `http://127.0.0.1:${port}`,
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  server = await startLineageServer({ objects, port });
  const back = await waiting;
  assert.equal(back.code, 0, back.stderr);
  assert.match(back.stderr, /Next try in/);
  assert.equal((await stored('away', 'back')).run_id, 'back');

  proxy.fault = () => ({ kind: 'before', status: 502 });
  const gone = await lineage(['push', ...names('away'), '--artifact', artifact, '--give-up-after', '1s'], withToken());
  assert.equal(gone.code, 69, gone.stderr);
});

test('what is wrong with the command line or a file is said before anything is sent', async () => {
  const latin1 = join(folder.path, 'latin1.json');
  writeFileSync(latin1, Buffer.from([0x22, 0xe9, 0x22]));
  const push = ['push', ...names('bad')];
  const cases: [readonly string[], Record<string, string>, number][] = [
    [push, withToken(), 2],
    [['push', '--artifact', artifact], withToken(), 2],
    [[...push, '--artifact', artifact, '--nonsense'], withToken(), 2],
    [[...push, '--artifact', artifact, '--metadata', 'x'], withToken(), 2],
    [[...push, '--artifact', artifact, '--diff', artifact, '--diff-against-latest'], withToken(), 2],
    [[...push, '--artifact', artifact], { ...withToken(), STRICTURE_SERVER_URL: '' }, 2],
    [[...push, '--artifact', artifact], { ...withToken(), STRICTURE_SERVER_URL: 'http://evidence.example' }, 2],
    [[...push, '--artifact', join(folder.path, 'none.json')], withToken(), 66],
    [[...push, '--artifact', file('two.json', '1,"run_id":"x"')], withToken(), 65],
    [[...push, '--artifact', file('more.json', '1,"summary":{}')], withToken(), 65],
    [[...push, '--artifact', file('twice.json', '{"a":1,"a":2}')], withToken(), 65],
    [[...push, '--artifact', file('bom.json', '\ufeff{}')], withToken(), 65],
    [[...push, '--artifact', file('null.json', 'null')], withToken(), 65],
    [[...push, '--artifact', latin1], withToken(), 65],
    [[...push, '--artifact', artifact, '--run-id', '../x'], withToken(), 65],
    [[...push, '--artifact', artifact], { STRICTURE_SERVER_URL: 'https://evidence.example' }, 77],
    [[...push, '--artifact', artifact], { ...withToken(), STRICTURE_SERVER_INGEST_TOKEN: 'to\nken' }, 77],
    [[...push, '--artifact', artifact, '--token-file', join(folder.path, 'none')], withToken(), 66],
  ];
  const results = await Promise.all(cases.map(([args, env]) => lineage(args, env)));
  for (const [i, result] of results.entries()) {
    assert.equal(result.code, cases[i]?.[2], `${i}: ${result.stderr}`);
    assert.ok(!result.stderr.includes('    at '), 'nobody is shown a stack');
  }
  assert.equal(proxy.seen.length, 0);
});

test('a dry run shows the envelope and whose token, and sends nothing', async () => {
  const args = ['push', ...names('dry'), '--artifact', artifact, '--run-id', 'r1', '--dry-run'];
  const shown = await lineage(args, withToken());
  assert.equal(shown.code, 0, shown.stderr);
  assert.ok(shown.stdout.includes(artifactText.trim()));
  assert.match(shown.stderr, /Token from {5}environment/);
  assert.match(shown.stderr, /acme-inc\/shop\/dry r1/);
  const json = JSON.parse((await lineage([...args, '--json'], withToken())).stdout);
  assert.deepEqual([json.event, json.token.from, json.envelope.run_id], ['dry_run', 'environment', 'r1']);
  assert.ok(!(shown.stdout + shown.stderr + JSON.stringify(json)).includes(lineageToken));
  assert.equal(proxy.seen.length, 0);
});

test('GitHub Actions names run, commit and project, and gives a token for this server', async () => {
  const issuer = await startGitHubIssuer();
  const { answer, asked } = issuer;
  const env = { ...issuer.env, STRICTURE_SERVER_URL: `${proxy.url}/` };
  try {
    issuer.answer = (count) => (count === 1 ? { status: 503, body: '' } : answer(count));
    const pushed = await lineage(['push', '--artifact', artifact], env);
    assert.equal(pushed.code, 0, pushed.stderr);
    assert.equal((await stored('shop', '4711-2')).commit_sha, 'abcdef');
    const url = `/token?api-version=2&audience=${encodeURIComponent(proxy.url)}`;
    assert.deepEqual(asked[1], { authorization: `Bearer ${requestSecret}`, url });
    const other = await lineage(['push', '--artifact', artifact, '--audience', 'proofline'], env);
    assert.equal(other.code, 0, other.stderr);
    assert.match(asked.at(-1)?.url ?? '', /audience=proofline$/);
    issuer.answer = () => ({ status: 403, body: requestSecret });
    const refused = await lineage(['push', '--artifact', artifact], env);
    assert.equal(refused.code, 77);
    assert.match(refused.stderr, /id-token: write/);
    for (const { stderr, stdout } of [pushed, other, refused])
      assert.doesNotMatch(stderr + stdout, new RegExp(`${lineageToken}|${requestSecret}`));
  } finally {
    issuer.close();
  }
});

test('GitLab CI names run, commit and project, and gives its token in a variable', async () => {
  const env = {
    GITLAB_CI: 'true',
    CI_PROJECT_PATH: 'acme-inc/backend/shop',
    CI_PIPELINE_ID: '12',
    CI_JOB_ID: '34',
    CI_COMMIT_SHA: 'fedcba',
    PROOFLINE_ID_TOKEN: lineageToken,
    STRICTURE_SERVER_URL: proxy.url,
  };
  const pushed = await lineage(['push', '--service', 'api', '--artifact', artifact], env);
  assert.equal(pushed.code, 0, pushed.stderr);
  assert.equal(pushed.stdout, `${proxy.url}/v1/lineage/acme-inc/backend-shop/api/runs/12-34\n`);
});

test('--diff-against-latest sends what changed since the latest run, and the same again when it is repeated', async () => {
  const push = (runId: string, content: string) =>
    lineage(
      [
        'push',
        ...names('diffs'),
        '--run-id',
        runId,
        '--diff-against-latest',
        '--json',
        '--artifact',
        file(`${runId}.json`, content),
      ],
      withToken(),
    );
  const first = await push('r1', '{"models":[{"name":"a","n":12345678901234567890}]}');
  assert.equal(first.code, 0, first.stderr);
  assert.equal((await stored('diffs', 'r1')).diff, undefined);
  const second = await push('r2', '{"models":[{"name":"a","n":12345678901234567891}]}');
  assert.equal(second.code, 0, second.stderr);
  const run = await stored('diffs', 'r2');
  assert.equal(
    run.diff,
    '[{"op":"replace","path":["models",{"name":"a"},"n"],"before":12345678901234567890,"after":12345678901234567891}]',
  );
  assert.equal(run.metadata, '{"diff_against":"r1"}');
  const same = await push('r3', '{"models":[{"n":12345678901234567891,"name":"a"}]}');
  assert.equal(same.code, 0, same.stderr);
  const days = await server.store.days(key('diffs'));
  const lines = (await Promise.all(days.map((day) => server.store.day(key('diffs'), day)))).flat();
  assert.deepEqual(
    lines.map(({ impact, run_id }) => [run_id, impact]),
    [
      ['r1', 'none'],
      ['r2', 'unknown'],
      ['r3', 'none'],
    ],
  );
  for (const [runId, content] of [
    ['r1', '{"models":[{"name":"a","n":12345678901234567890}]}'],
    ['r2', '{"models":[{"name":"a","n":12345678901234567891}]}'],
  ] as const) {
    const again = await push(runId, content);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(JSON.parse(again.stdout).replayed, true);
  }
});
