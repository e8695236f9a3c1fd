import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { newId } from '#kit/ids.ts';
import { cli } from '../support/server.ts';
import { openWorld, signIn, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('audit');
  for (let i = 0; i < 3; i++) await signIn(world.nobody, 'ada');
  await signIn(world.nobody, 'bob');
  await world.nobody.post('/v1/auth/login', { username: 'bob', password: 'not the password' });
  await world.root.post(`/v1/admin/accounts/${world.accounts.bob}/quota`, { bytes_limit: 7 });
});
after(() => world.close());

const at = (path: string, client = world.root) => client.get(`/v1/audit${path}`);
type Entry = Record<string, string | number>;
const linesOf = (text: Buffer): Entry[] =>
  text
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

function verify(args: readonly string[]) {
  return cli(['verify', '--audit', ...args], { SAFE_DATA_DIR: world.server.dataDir });
}

test('everybody reads what they did and what is theirs, without the chain; administrators read everything', async () => {
  const { ada, bob } = world.accounts;
  const own: Entry[] = (await at('', world.ada)).body.entries;
  assert.equal(own.length, 3);
  for (const entry of own) {
    assert.deepEqual(
      [entry.action, entry.owner_account_id, entry.seq, entry.hash],
      ['account.sign_in', ada, undefined, undefined],
    );
  }
  const bobs: Entry[] = (await at('', world.bob)).body.entries;
  assert.deepEqual(
    bobs.map(({ action, outcome, actor }) => [action, outcome, actor]),
    [
      ['account.sign_in', 'refused', 'unknown'],
      ['account.sign_in', 'done', 'account'],
    ],
  );
  assert.ok(bobs.every((entry) => entry.owner_account_id === bob));
  const all: Entry[] = (await at('')).body.entries;
  assert.deepEqual(
    all.map(({ seq }) => seq),
    Array.from({ length: all.length }, (_, n) => all.length - n),
    'newest first, none left out',
  );
  assert.ok(all.length >= 6);
});

test('pages lead through all of it, and filters narrow it down', async () => {
  const all: Entry[] = (await at('')).body.entries;
  for (const [client, whole] of [
    [world.root, all],
    [world.bob, (await at('', world.bob)).body.entries],
  ] as const) {
    const seen: unknown[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await at(`?limit=1${cursor}`, client);
      assert.ok(body.entries.length <= 1);
      seen.push(...body.entries);
      if (body.next_cursor === undefined) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    assert.deepEqual(seen, whole);
  }
  const bobs = `actor=${world.accounts.bob}`;
  assert.equal((await at(`?${bobs}`)).body.entries.length, 1);
  assert.equal((await at('?actor=unknown&action=account.sign_in')).body.entries.length, 1);
  assert.equal((await at(`?${bobs}`, world.ada)).body.entries.length, 0, "another's is not found");
  const middle = String(all[2]?.at);
  const since: Entry[] = (await at(`?from=${middle}`)).body.entries;
  const until: Entry[] = (await at(`?to=${middle}`)).body.entries;
  assert.equal(since.length + until.length, all.length);
  assert.ok(since.every((entry) => String(entry.at) >= middle) && until.every((entry) => String(entry.at) < middle));
  for (const wrong of ['?actor=x', '?action=%27', '?from=yesterday', '?format=xml', '?limit=0'])
    assert.equal((await at(wrong)).code, 'invalid_request', wrong);
});

test('an export has every entry, oldest first, and ends with the end of the chain', async () => {
  const answer = await at('?format=jsonl');
  assert.match(answer.headers.get('content-type') ?? '', /^application\/jsonl/);
  assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename="audit-.*\.jsonl"$/);
  const lines = linesOf(answer.bytes);
  const end = lines.pop() as unknown as { audit_head: { seq: number; hash: string }; filtered: boolean };
  assert.deepEqual(
    lines.map(({ seq }) => seq),
    Array.from({ length: lines.length }, (_, n) => n + 1),
  );
  assert.equal(end.audit_head.seq, lines.length);
  assert.equal(end.audit_head.hash, lines.at(-1)?.hash);
  assert.equal(answer.headers.get('proofline-audit-head'), `${end.audit_head.seq}:${end.audit_head.hash}`);
  const own = await at('?format=jsonl', world.bob);
  assert.equal(own.headers.get('proofline-audit-head'), null);
  assert.deepEqual(
    linesOf(own.bytes),
    [...(await at('', world.bob)).body.entries].filter(({ action }) => action !== 'audit.export').reverse(),
  );
});

test('a spreadsheet computes nothing from an export, and loses nothing of it', async () => {
  const details = [
    '=HYPERLINK("http://evil.example")',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    ' =1',
    'a,"b"\nc',
    '＝1',
    'plain',
  ];
  await world.rows(async (query) => {
    for (const detail of details)
      await query(
        'INSERT INTO audit_log (id, at, actor, actor_account_id, action, subject_type, outcome, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        ...[
          newId('aud'),
          new Date().toISOString(),
          'account',
          world.accounts.ada,
          'test.words',
          'test',
          'done',
          detail,
        ],
      );
  });
  const answer = await at('?format=csv&action=test.words');
  assert.match(answer.headers.get('content-type') ?? '', /^text\/csv/);
  const [head, ...rows] = csv(answer.bytes.toString());
  assert.deepEqual(head?.slice(0, 3), ['seq', 'id', 'at']);
  const column = head?.indexOf('detail') ?? -1;
  assert.deepEqual(
    rows.map((row) => row[column]).sort(),
    details.map((detail) => (/^\s*[=+\-@＝]/.test(detail) ? `'${detail}` : detail)).sort(),
  );
  await world.rows(async (query) => {
    await query("DELETE FROM audit_log WHERE action = 'test.words'");
  });
});

test('an export and the database verify; with an earlier end they verify as the same log', async () => {
  const first = await at('?format=jsonl');
  const noted = String(first.headers.get('proofline-audit-head'));
  const file = join(world.server.dataDir, 'audit.jsonl');
  writeFileSync(file, first.bytes);
  for (const args of [[], [file], ['--head', noted], [file, '--head', noted]]) {
    const result = await verify(args);
    assert.equal(result.code, 0, result.stdout + result.stderr);
    assert.match(result.stdout, /Verified/);
  }
  const report = JSON.parse((await verify(['--json'])).stdout);
  assert.deepEqual([report.ok, report.older, report.findings], [true, 0, []]);

  const lines = first.bytes.toString().trimEnd().split('\n');
  const changed = lines.map((line, n) => (n === 2 ? line.replace('"done"', '"refused"') : line));
  writeFileSync(file, `${changed.join('\n')}\n`);
  const found = await verify([file]);
  assert.equal(found.code, 1);
  assert.match(found.stdout, /entry 3: it, or the hash of the entry before it/);
  writeFileSync(file, `${lines.slice(0, -3).join('\n')}\n`);
  assert.equal((await verify([file])).code, 1, 'cut off');

  writeFileSync(file, (await at('?format=jsonl&actor=unknown')).bytes);
  const filtered = await verify([file]);
  assert.deepEqual([filtered.code, /without a filter/.test(filtered.stderr)], [66, true]);
  assert.equal((await verify([join(world.server.dataDir, 'nothing.jsonl')])).code, 66);
  assert.equal((await verify(['--head', '12'])).code, 2);
  assert.equal((await cli(['verify'])).code, 2);
});

test('what somebody changes in the database is found there, and a doctor sees it too', async () => {
  const doctor = () => cli(['doctor', '--json'], { SAFE_DATA_DIR: world.server.dataDir });
  const auditLine = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .find(({ check }) => check === 'audit');
  assert.equal(auditLine((await doctor()).stdout).state, 'ok');
  const seq = 2;
  await world.rows(async (query) => {
    await query("UPDATE audit_log SET detail = 'nothing to see' WHERE seq = ?", seq);
  });
  const result = await verify([]);
  assert.equal(result.code, 1);
  assert.match(result.stdout, /1 finding:\n {2}entry 2: /);
  assert.equal(auditLine((await doctor()).stdout).state, 'bad');
  await world.rows(async (query) => {
    await query("UPDATE audit_log SET detail = 'api' WHERE seq = ?", seq);
  });
  assert.equal((await verify([])).code, 0);
});

test('a thousand entries and more are exported in pages, each once', async () => {
  await world.rows(async (query) => {
    for (let n = 0; n < 2_300; n++)
      await query(
        'INSERT INTO audit_log (id, at, actor, actor_account_id, owner_account_id, action, subject_type, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        ...[newId('aud'), new Date().toISOString(), 'account', world.accounts.ada, world.accounts.ada],
        ...['test.many', 'test', 'done'],
      );
  });
  for (const client of [world.ada, world.root]) {
    const ids = linesOf((await at('?format=jsonl&action=test.many', client)).bytes).flatMap(({ id }) =>
      id === undefined ? [] : [id],
    );
    assert.deepEqual([ids.length, new Set(ids).size], [2_300, 2_300]);
    assert.deepEqual(ids, [...ids].sort());
  }
  await world.rows(async (query) => {
    await query("DELETE FROM audit_log WHERE action = 'test.many'");
  });
});

/** A reader of RFC 4180 that knows nothing of how the export is written. */
function csv(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') cell += text[at++];
      else quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ',' || character === '\n') {
      rows.at(-1)?.push(cell);
      cell = '';
      if (character === '\n') rows.push([]);
    } else if (character !== '\r') cell += character;
  }
  return rows.slice(0, -1);
}
