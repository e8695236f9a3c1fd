import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import { hrefNames, namesBelow } from './href-names.ts';
import { readMultistatus } from './multistatus.ts';
import { readListing } from './read-listing.ts';

const isFailure = (error: unknown) => isProblem(error, 'connection_failed');

test('as Nextcloud says it: prefixes, several propstats, entities in names', () => {
  const xml = `<?xml version="1.0"?>
<d:multistatus xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns">
 <d:response><d:href>/remote.php/dav/files/ada/</d:href>
  <d:propstat><d:prop><d:getlastmodified>Tue, 06 Jan 2026 10:00:00 GMT</d:getlastmodified><d:getetag>&quot;695ce0c0&quot;</d:getetag><d:resourcetype><d:collection/></d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
  <d:propstat><d:prop><d:getcontentlength/><d:getcontenttype/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>
 </d:response>
 <d:response><d:href>/remote.php/dav/files/ada/R&amp;D%20%26%20M%c3%bcll%25.pdf</d:href>
  <d:propstat><d:prop><d:getlastmodified>Tue, 06 Jan 2026 10:00:01 GMT</d:getlastmodified><d:getcontentlength>00012</d:getcontentlength><d:resourcetype/><d:getetag>&quot;a1&quot;</d:getetag><d:getcontenttype>application/pdf</d:getcontenttype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
 </d:response>
</d:multistatus>`;
  const [folder, file] = readMultistatus(xml);
  assert.deepEqual([folder?.isFolder, folder?.byteSize], [true, undefined]);
  assert.deepEqual(file, {
    href: '/remote.php/dav/files/ada/R&D%20%26%20M%c3%bcll%25.pdf',
    isFolder: false,
    byteSize: 12,
    etag: '"a1"',
    modifiedAt: '2026-01-06T10:00:01.000Z',
    mediaType: 'application/pdf',
  });
  assert.deepEqual(hrefNames(file?.href ?? '').at(-1), 'R&D & Müll%.pdf');
});

test('as Apache and others say it: upper-case prefixes, a default namespace, whole addresses, numeric entities', () => {
  for (const [prefix, open] of [
    ['D:', 'xmlns:D="DAV:"'],
    ['', 'xmlns="DAV:"'],
    ['lp1:', 'xmlns:lp1="DAV:"'],
  ]) {
    const tag = (name: string, inner: string) => `<${prefix}${name}>${inner}</${prefix}${name}>`;
    const response = tag(
      'response',
      tag('href', 'http://nas.example:8080/dav/&#252;.txt') +
        tag(
          'propstat',
          tag('prop', `<${prefix}resourcetype/>${tag('getcontentlength', '5')}`) + tag('status', 'HTTP/2 200'),
        ),
    );
    const [file] = readMultistatus(`<${prefix}multistatus ${open}>${response}</${prefix}multistatus>`);
    assert.deepEqual([file?.byteSize, file?.isFolder, file?.etag], [5, false, undefined]);
    assert.deepEqual(hrefNames(file?.href ?? ''), ['dav', 'ü.txt']);
  }
  assert.deepEqual(readMultistatus('<D:multistatus xmlns:D="DAV:"/>'), []);
});

test('entity bombs, other documents and half ones are no answer, and are told quickly', () => {
  const levels = Array.from({ length: 12 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
  const bombs = [
    `<?xml version="1.0"?><!DOCTYPE m [<!ENTITY l0 "ha">${levels}]><multistatus>&l12;</multistatus>`,
    `<!doctype m [<!ENTITY x SYSTEM "file:///etc/passwd">]><multistatus><response><href>&x;</href></response></multistatus>`,
    `<multistatus><!ENTITY a "b"></multistatus>`,
  ];
  const others = [
    '',
    'hello',
    '<html><body>Sign in</body></html>',
    '{"multistatus":[]}',
    '<multistatus><response><href>/a</href>',
    `${'<a>'.repeat(10_000)}`,
    `<multistatus>${'<response>'.repeat(50)}${'</response>'.repeat(50)}</multistatus>`,
    '<multistatus><response><propstat/></response></multistatus>',
    '<multistatus><__proto__><response/></__proto__><response/></multistatus>',
  ];
  for (const xml of [...bombs, ...others]) assert.throws(() => readMultistatus(xml), isFailure, xml.slice(0, 80));
  assert.equal(({} as Record<string, unknown>).response, undefined);
});

test('ten thousand files, each with entities, are read beside everything else', async () => {
  const one = (i: number) =>
    `<d:response><d:href>/d/a&amp;b%20${i}.txt</d:href><d:propstat><d:prop><d:resourcetype/><d:getetag>&quot;${i}&quot;</d:getetag></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`;
  const xml = `<d:multistatus xmlns:d="DAV:">${Array.from({ length: 10_000 }, (_, i) => one(i)).join('')}</d:multistatus>`;
  let turns = 0;
  const counter = setInterval(() => {
    turns += 1;
  }, 5);
  const found = await readListing(xml);
  clearInterval(counter);
  assert.ok(turns > 2, 'this thread went on');
  await assert.rejects(readListing(`${xml}<`), isFailure);
  assert.deepEqual([found.length, found.at(-1)?.etag, found.at(-1)?.href], [10_000, '"9999"', '/d/a&b%209999.txt']);
});

test('where a name lies: only below its folder, whatever the other side says', () => {
  const folder = hrefNames('/remote.php/dav/files/ada/M%C3%BCll/');
  const below = (href: string) => namesBelow(folder, hrefNames(href));
  assert.deepEqual(below('/remote.php/dav/files/ada/Müll'), []);
  assert.deepEqual(below('/remote.php/dav/files/ada/Mu%CC%88ll/x.txt'), ['x.txt']);
  assert.deepEqual(below('https://elsewhere.example/remote.php/dav/files/ada/M%c3%bcll/a%2Fb'), ['a/b']);
  assert.deepEqual(below('/remote.php/dav/files/ada/M%C3%BCll/100%.txt'), ['100%.txt']);
  assert.deepEqual(below('/remote.php/dav/files/ada/M%C3%BCll/../x'), ['..', 'x']);
  assert.equal(below('/remote.php/dav/files/bob/Müll/x'), undefined);
  assert.equal(below('/'), undefined);
});
