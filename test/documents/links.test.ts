/** Links: what whoever has one may see and fetch, and what nobody may. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Answer } from '../http/support/client.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { addDocument, addFolder } from './support/sharing.ts';

let world: World;
before(async () => {
  world = await openWorld('links', {
    SAFE_PUBLIC_VIEWER_RATE_LIMIT_ENABLED: 'true',
    SAFE_PUBLIC_VIEWER_RATE_LIMIT_WINDOW: '1h',
    SAFE_PUBLIC_VIEWER_RATE_LIMIT_PASSWORD: '6',
    SAFE_PUBLIC_VIEWER_RATE_LIMIT_PAGE: '0',
  });
});
after(() => world.close());

const secret = 'open sesame, please';

interface Link {
  id: string;
  token: string;
}

async function link(path: string, wish: Record<string, unknown> = {}): Promise<Link> {
  const made = await world.ada.post(`${path}/shares`, { kind: 'link', ...wish });
  assert.equal(made.status, 201, made.code);
  assert.match(made.body.token, /^[A-Za-z0-9_-]{43}$/);
  return { id: made.body.share.id, token: made.body.token };
}

const ofDocument = (id: string, wish?: Record<string, unknown>) => link(`/v1/documents/${id}`, wish);

/** A page is in no API document, so it is fetched as a browser would. */
async function page(path: string, options: RequestInit = {}) {
  const response = await fetch(`${world.server.url}${path}`, { redirect: 'manual', ...options });
  return { status: response.status, headers: response.headers, html: await response.text() };
}

const give = (token: string, password: string) =>
  page(`/s/${token}`, { method: 'POST', body: new URLSearchParams({ password }) });

const downloads = async (document: string) =>
  (await world.ada.get(`/v1/documents/${document}/shares`)).body.shares.map(
    (share: { downloads: number }) => share.downloads,
  );

function assertInvalid(answer: Answer, where = ''): void {
  assert.deepEqual([answer.status, answer.code], [404, 'share_invalid'], where);
}

test('a document has a page and its exact bytes; each download is counted, HEAD is not', async () => {
  const { ada, nobody } = world;
  const bytes = randomBytes(300_000);
  const document = await addDocument(ada, 'Plan <b>für<b> März & mehr.pdf', bytes);
  const { token } = await ofDocument(document);
  const shown = await page(`/s/${token}`);
  assert.equal(shown.status, 200);
  assert.match(shown.html, /<h1>Plan &lt;b&gt;für&lt;b&gt; März &amp; mehr.pdf<\/h1>/);
  assert.match(shown.html, /300 kB/);
  assert.match(shown.html, new RegExp(`href="/s/${token}/content"`));
  assert.doesNotMatch(shown.html, /<script|https?:\/\//);
  assert.match(
    shown.headers.get('content-security-policy') ?? '',
    /^default-src 'none'; style-src 'self'; img-src 'self';/,
  );
  assert.equal(shown.headers.get('x-robots-tag'), 'noindex, nofollow');
  assert.equal(shown.headers.get('referrer-policy'), 'no-referrer');
  assert.equal(shown.headers.get('set-cookie'), null);
  const [style = ''] = /\/s\/assets\/[^"]+\.css/.exec(shown.html) ?? [];
  assert.equal((await page(style)).status, 200);

  assert.deepEqual(await downloads(document), [0]);
  const head = await nobody.call('HEAD', `/s/${token}/content`);
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '300000']);
  assert.deepEqual(await downloads(document), [0]);
  const whole = await nobody.get(`/s/${token}/content`);
  assert.deepEqual(whole.bytes, bytes);
  assert.match(whole.headers.get('content-disposition') ?? '', /^attachment; filename=.*M%C3%A4rz/);
  assert.deepEqual(await downloads(document), [1]);
  // Nothing else of the account is behind it.
  assertInvalid(await nobody.get(`/s/${token}/documents/doc_00000000000000000000000000/content`));
});

test('a download that was cut off is continued without being counted again, and only that one', async () => {
  const { ada, nobody } = world;
  const bytes = randomBytes(100_000);
  const document = await addDocument(ada, 'cut.bin', bytes);
  const { token } = await ofDocument(document, { max_downloads: 2 });
  const path = `/s/${token}/content`;
  const first = await nobody.get(path);
  const tag = first.headers.get('etag') ?? '';
  const rest = await nobody.get(path, { range: 'bytes=40000-', 'if-range': tag });
  assert.deepEqual([rest.status, rest.headers.get('etag')], [206, tag]);
  assert.deepEqual(rest.bytes, bytes.subarray(40_000));
  assert.deepEqual(await downloads(document), [1]);
  // From the beginning it is another download.
  assert.equal((await nobody.get(path, { range: 'bytes=0-9', 'if-range': tag })).status, 206);
  assert.deepEqual(await downloads(document), [2]);
  // All are used up: no page, no bytes, but the end of what had begun.
  assert.equal((await page(`/s/${token}`)).status, 404);
  for (const headers of [
    {},
    { range: 'bytes=5-' },
    { range: 'bytes=5-', 'if-range': `"${Date.now() + 9_000_000}.AAAAAAAAAAAA.x"` },
    { range: 'bytes=5-', 'if-range': '"1"' },
    { range: 'bytes=0-', 'if-range': tag },
  ])
    assertInvalid(await nobody.get(path, headers), JSON.stringify(headers));
  assertInvalid(await nobody.call('HEAD', path).then((answer) => ({ ...answer, code: 'share_invalid' })));
  assert.deepEqual((await nobody.get(path, { range: 'bytes=99999-', 'if-range': tag })).bytes, bytes.subarray(99_999));
  assert.deepEqual(await downloads(document), [2]);
  // The tag of one link opens no other.
  const other = await ofDocument(document, { max_downloads: 1 });
  const elsewhere = await nobody.get(`/s/${other.token}/content`, { range: 'bytes=5-', 'if-range': tag });
  assert.equal(elsewhere.status, 200, 'all of it, and counted');
  assert.deepEqual(await downloads(document), [2, 1]);
});

test('as many as come at once: exactly as many as allowed get it', async () => {
  const document = await addDocument(world.ada, 'few.bin', randomBytes(10_000));
  const { token } = await ofDocument(document, { max_downloads: 5 });
  const answers = await Promise.all(Array.from({ length: 25 }, () => world.nobody.get(`/s/${token}/content`)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 5);
  for (const answer of answers.filter(({ status }) => status !== 200)) assertInvalid(answer);
  assert.deepEqual(await downloads(document), [5]);
});

test('whatever is wrong with a link, the answer is the same', async () => {
  const { ada, nobody } = world;
  const document = await addDocument(ada, 'gone.txt', 'x');
  const revoked = await ofDocument(document);
  assert.equal((await ada.call('DELETE', `/v1/shares/${revoked.id}`)).status, 204);
  const expired = await ofDocument(document, { expires_at: new Date(Date.now() + 400).toISOString() });
  const locked = await ofDocument(document, { password: secret });
  const trashed = await addDocument(ada, 'trashed.txt', 'x');
  const inTrash = await ofDocument(trashed);
  await ada.call('DELETE', `/v1/documents/${trashed}`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const tokens = {
    never: randomBytes(32).toString('base64url'),
    short: 'abc',
    'not a token': 'a b%00c',
    revoked: revoked.token,
    expired: expired.token,
    trash: inTrash.token,
  };
  const bodies = new Set<string>();
  const pages = new Set<string>();
  for (const [name, token] of Object.entries({ ...tokens, locked: locked.token })) {
    const answer = await nobody.get(`/s/${token}/content`);
    assertInvalid(answer, name);
    bodies.add(answer.bytes.toString());
  }
  for (const token of Object.values(tokens)) {
    const shown = await page(`/s/${token}`);
    assert.equal(shown.status, 404);
    pages.add(shown.html);
  }
  assert.equal(bodies.size, 1);
  assert.equal(pages.size, 1);
  // Back from the trash it works again.
  await ada.post(`/v1/documents/${trashed}/restore`);
  assert.equal((await nobody.get(`/s/${inTrash.token}/content`)).status, 200);
});

test('a password opens the link for a while, in the browser that gave it', async () => {
  const document = await addDocument(world.ada, 'Secret name.txt', 'secret');
  const { token } = await ofDocument(document, { password: secret });
  const asked = await page(`/s/${token}`);
  assert.equal(asked.status, 200);
  assert.match(asked.html, /<form method="post"/);
  assert.doesNotMatch(asked.html, /Secret name/);
  const wrong = await give(token, 'open sesame, pleasf');
  assert.equal(wrong.status, 403);
  assert.match(wrong.html, /That is not the password/);
  assert.equal(wrong.headers.get('set-cookie'), null);
  const right = await give(token, secret);
  assert.deepEqual([right.status, right.headers.get('location')], [303, `/s/${token}`]);
  const cookie = right.headers.get('set-cookie') ?? '';
  assert.match(cookie, /; Path=\/s; HttpOnly; SameSite=Strict; Max-Age=3600$/);
  const [pair = ''] = cookie.split(';');
  const opened = await page(`/s/${token}`, { headers: { cookie: `other=1; ${pair}` } });
  assert.match(opened.html, /Secret name/);
  const content = await world.nobody.get(`/s/${token}/content`, { cookie: pair });
  assert.equal(content.bytes.toString(), 'secret');
  // It is for this link alone, and no word of it may change.
  const other = await ofDocument(document, { password: secret });
  assertInvalid(await world.nobody.get(`/s/${other.token}/content`, { cookie: pair }));
  const [name = '', value = ''] = pair.split('=');
  const later = `${name}=${Number(value.split('.')[0]) + 1}.${value.split('.')[1]}`;
  assertInvalid(await world.nobody.get(`/s/${token}/content`, { cookie: later }));
  // So many tries in a window, good or bad, whatever the link.
  const statuses = [];
  for (let n = 0; n < 5; n++) statuses.push((await give(n === 0 ? 'A'.repeat(43) : token, 'wrong')).status);
  assert.deepEqual(statuses, [404, 403, 403, 403, 429]);
});

test('a folder shows what is in it and below it, and nothing beside it', async () => {
  const { ada, nobody } = world;
  const outer = await addFolder(ada, 'outer');
  const folder = await addFolder(ada, 'Holiday & <sun>', outer);
  const inner = await addFolder(ada, 'day 1', folder);
  const beside = await addDocument(ada, 'beside.txt', 'no', outer);
  const here = await addDocument(ada, 'here.txt', 'here', folder);
  const below = await addDocument(ada, 'below.txt', 'below', inner);
  const { token } = await link(`/v1/folders/${folder}`);
  const shown = await page(`/s/${token}`);
  assert.match(shown.html, /<h1>Holiday &amp; &lt;sun&gt;<\/h1>/);
  assert.match(shown.html, /here\.txt/);
  assert.match(shown.html, /day 1/);
  assert.doesNotMatch(shown.html, /outer|beside|below/);
  const deeper = await page(`/s/${token}?folder=${inner}`);
  assert.match(deeper.html, /below\.txt/);
  assert.match(deeper.html, /aria-label="Folders above"[\s\S]*Holiday/);
  assert.doesNotMatch(deeper.html, /outer/);
  for (const wrong of [outer, 'fld_none', '%00', ''])
    assert.ok([400, 404].includes((await page(`/s/${token}?folder=${wrong}`)).status), wrong);
  const content = (id: string) => nobody.get(`/s/${token}/documents/${id}/content`);
  assert.equal((await content(here)).bytes.toString(), 'here');
  assert.equal((await content(below)).bytes.toString(), 'below');
  assertInvalid(await content(beside));
  assertInvalid(await nobody.get(`/s/${token}/content`));
  // What moves out is out; what goes into the trash, alone or with a folder, is gone.
  await ada.call('PATCH', `/v1/documents/${here}`, { folder_id: outer });
  assertInvalid(await content(here));
  await ada.call('DELETE', `/v1/folders/${inner}`);
  assertInvalid(await content(below));
  assert.equal((await page(`/s/${token}?folder=${inner}`)).status, 404);
  assert.match((await page(`/s/${token}`)).html, /This folder is empty/);
  await ada.call('DELETE', `/v1/folders/${outer}`);
  assert.equal((await page(`/s/${token}`)).status, 404);
});

test('a long folder is shown page by page, all of it once', async () => {
  const folder = await addFolder(world.ada, 'long');
  const now = new Date().toISOString();
  const names = Array.from(
    { length: 450 },
    (_, n) => `${n % 3 === 0 ? 'folder' : 'file'} ${String(n).padStart(4, '0')}`,
  );
  await world.rows(async (query) => {
    for (const name of names) {
      const id = `${name.slice(0, 3) === 'fol' ? 'fld' : 'doc'}_long${name.slice(-4)}`;
      if (id.startsWith('fld'))
        await query(
          'INSERT INTO folders (id, owner_account_id, parent_id, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)',
          ...[id, world.accounts.ada, folder, name, now, now],
        );
      else
        await query(
          'INSERT INTO documents (id, owner_account_id, folder_id, name, version, media_type, byte_size, sha256_hex, status, created_at, updated_at) VALUES (?, ?, ?, ?, 1, ?, 1, ?, ?, ?, ?)',
          ...[id, world.accounts.ada, folder, name, 'text/plain', 'a'.repeat(64), 'ready', now, now],
        );
    }
  });
  const { token } = await link(`/v1/folders/${folder}`);
  const found: string[] = [];
  let next: string | undefined = `/s/${token}`;
  for (let pages = 0; next !== undefined; pages++) {
    assert.ok(pages < 5);
    const { html } = await page(next);
    found.push(...[...html.matchAll(/class="name">([^<]+)</g)].map(([, name = '']) => name));
    next = /class="button quiet" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&');
  }
  assert.deepEqual(
    found,
    [...names]
      .sort((a, b) => Number(b < a) - Number(a < b))
      .sort((a, b) => Number(a[1] === 'i') - Number(b[1] === 'i')),
  );
});

test('visits, downloads and refusals are on the log of the owner, without a secret', async () => {
  await world.rows(async (query) => {
    const entries = await query(
      "SELECT action, outcome, actor, detail, owner_account_id FROM audit_log WHERE actor IN ('link', 'unknown')",
    );
    const of = (action: string, outcome: string) =>
      entries.filter((entry) => entry.action === action && entry.outcome === outcome);
    assert.ok(of('share.visit', 'done').length > 0);
    assert.ok(of('document.read', 'done').length > 0);
    assert.equal(of('share.unlock', 'done').length, 1);
    const reasons = new Set(of('share.visit', 'refused').map((entry) => entry.detail));
    assert.deepEqual([...reasons].sort(), [
      'expired',
      'gone',
      'not shared',
      'password',
      'revoked',
      'unknown',
      'used up',
    ]);
    for (const entry of entries) {
      assert.equal(entry.owner_account_id, entry.actor === 'link' ? world.accounts.ada : null);
      assert.doesNotMatch(JSON.stringify(entry), /[A-Za-z0-9_-]{43}/);
    }
  });
  assert.doesNotMatch(world.server.log(), new RegExp(`${secret}|/s/[A-Za-z0-9_-]{43}`));
});
