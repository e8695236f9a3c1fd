/** What servers do that they should not, and what is told of it. Their good days are in test/cloud, with a real one. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import { parseAllowedHosts } from '#platform/outgoing/allowed-hosts.ts';
import { guardedAgents } from '#platform/outgoing/guarded-agents.ts';
import { OutgoingGate } from '#platform/outgoing/outgoing-gate.ts';
import type { BytesToSend } from '../remote-store.ts';
import { WebdavStore } from './webdav-store.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

let answers: Record<string, Answer> = {};
let asked: { method: string; url: string; depth: string | undefined; authorization: string | undefined }[] = [];
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  const { method = '', url = '' } = request;
  const { authorization, depth } = request.headers;
  asked.push({ method, url, depth: depth === undefined ? undefined : String(depth), authorization });
  request
    .on('data', (part: Buffer) => parts.push(part))
    .on('end', () => (answers[method] ?? refuse(500))(request, response, Buffer.concat(parts)));
});
const refuse =
  (status: number): Answer =>
  (_, response) =>
    void response.writeHead(status).end('canary: what a server says is not repeated');

let store: WebdavStore;
before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  const allowed = parseAllowedHosts('127.0.0.1');
  if (allowed === undefined) throw new Error('not allowed hosts');
  const endpoint = `http://127.0.0.1:${port}/remote.php/dav/files/ada`;
  store = new WebdavStore(guardedAgents(new OutgoingGate(allowed)), {
    ...{ endpoint, root: 'Müll & Co' },
    ...{ username: 'ada', password: 'canary-ü' },
  });
});
beforeEach(() => {
  answers = {};
  asked = [];
});
after(() => {
  store.close();
  server.close();
});

const signal = () => AbortSignal.timeout(10_000);
const base = '/remote.php/dav/files/ada/M%C3%BCll%20%26%20Co';
const fails = (work: Promise<unknown>, code: string, what?: string) =>
  assert.rejects(
    work,
    (error) => {
      assert.ok(isProblem(error), String(error));
      assert.equal(error.code, code, what);
      assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, /canary|127\.0\.0\.1|remote\.php/);
      return true;
    },
    what,
  );

function multistatus(...resources: { href: string; size?: number }[]): Answer {
  const responses = resources.map(
    ({ href, size }) =>
      `<d:response><d:href>${href}</d:href><d:propstat><d:prop>${
        size === undefined
          ? '<d:resourcetype><d:collection/></d:resourcetype>'
          : `<d:resourcetype/><d:getcontentlength>${size}</d:getcontentlength><d:getetag>"e${size}"</d:getetag>`
      }</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`,
  );
  const xml = `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">${responses.join('')}</d:multistatus>`;
  return (_, response) => void response.writeHead(207, { 'Content-Type': 'application/xml' }).end(xml);
}

test('a folder is asked for with its slash, its depth and its names encoded', async () => {
  answers.PROPFIND = multistatus({ href: `${base}/a%3F/` }, { href: `${base}/a%3F/b.txt`, size: 3 });
  const { entries } = await store.list('a?', { limit: 10 }, signal());
  assert.deepEqual(
    entries.map(({ byteSize, kind, name, tag }) => ({ byteSize, kind, name, tag })),
    [{ byteSize: 3, kind: 'file', name: 'b.txt', tag: '"e3"/3' }],
  );
  const authorization = `Basic ${Buffer.from('ada:canary-ü').toString('base64')}`;
  assert.deepEqual(asked, [{ method: 'PROPFIND', url: `${base}/a%3F/`, depth: '1', authorization }]);
});

test('names that lead elsewhere are left out and counted, whatever the server claims to hold', async () => {
  const hrefs = ['..%2F..%2Fetc', '..', '%2e%2e', 'a%00b', 'a%5Cb', 'a/b/c', '%0A', ''].map(
    (name) => `${base}/${name}`,
  );
  answers.PROPFIND = multistatus(
    { href: `${base}/` },
    { href: `${base}/good.txt`, size: 1 },
    ...[...hrefs.slice(0, -1), '/etc/passwd', '/remote.php/dav/files/bob/x'].map((href) => ({ href, size: 1 })),
  );
  const page = await store.list('', { limit: 100 }, signal());
  assert.deepEqual(
    page.entries.map(({ name }) => name),
    ['good.txt'],
  );
  assert.equal(page.unusable, 9);
});

test('every refusal has its code, and nothing of the answer is repeated', async () => {
  const codes: [number, string][] = [
    [401, 'connection_unauthorized'],
    [403, 'connection_unauthorized'],
    [404, 'remote_path_not_found'],
    [423, 'connection_failed'],
    [500, 'connection_failed'],
    [200, 'connection_failed'],
    [207, 'connection_failed'],
    [302, 'connection_failed'],
  ];
  for (const [status, code] of codes) {
    answers.PROPFIND = refuse(status);
    await fails(store.list('', { limit: 10 }, signal()), code, String(status));
    if (status < 300) continue;
    answers.GET = refuse(status);
    await fails(store.read('a', signal()), code, `GET ${status}`);
  }
});

function bytesToSend(bytes: Buffer): BytesToSend {
  return {
    open: async () => Readable.from([bytes]),
    byteSize: bytes.length,
    sha256Hex: createHash('sha256').update(bytes).digest('hex'),
    mediaType: 'text/plain',
  };
}

test('what is written is read back: a server that keeps other bytes, or fewer, or none, has not kept them', async () => {
  const good = Buffer.from('the right bytes');
  const kept: { bytes: Buffer | undefined } = { bytes: undefined };
  answers.MKCOL = refuse(405);
  answers.GET = (_, response) =>
    kept.bytes === undefined ? refuse(404)(_, response, good) : void response.end(kept.bytes);
  answers.PROPFIND = (request, response, body) =>
    (kept.bytes === undefined ? refuse(404) : multistatus({ href: request.url ?? '', size: kept.bytes.length }))(
      request,
      response,
      body,
    );
  const keeping = (change: (bytes: Buffer) => Buffer | undefined) => {
    answers.PUT = (_, response, body) => {
      kept.bytes = change(body);
      response.writeHead(201).end();
    };
    return store.write('in/a.txt', bytesToSend(good), signal());
  };
  assert.equal(await keeping((bytes) => bytes), '"e15"/15');
  assert.deepEqual(
    asked.filter(({ method }) => method === 'MKCOL').map(({ url }) => url),
    [`${base}/`, `${base}/in/`],
    'each folder on the way once',
  );
  await fails(
    keeping((bytes) => bytes.subarray(1)),
    'connection_failed',
    'fewer',
  );
  await fails(
    keeping(() => Buffer.from('the wrong bytes')),
    'connection_failed',
    'others',
  );
  await fails(
    keeping(() => undefined),
    'remote_path_not_found',
    'none',
  );
  answers.PUT = refuse(507);
  await fails(store.write('in/a.txt', bytesToSend(good), signal()), 'connection_failed', 'full');
  assert.equal(asked.filter(({ method }) => method === 'MKCOL').length, 2);
});

test('a listing that has no end, and one that never comes, are given up', async () => {
  let sent = 0;
  answers.PROPFIND = (_, response) => {
    response.writeHead(207);
    const more = () => {
      while (!response.destroyed && sent < 64 * 2 ** 20) {
        sent += 65_536;
        if (!response.write(Buffer.alloc(65_536, 97))) {
          response.once('drain', more);
          return;
        }
      }
    };
    more();
  };
  await fails(store.list('', { limit: 10 }, signal()), 'connection_failed');
  assert.ok(sent < 48 * 2 ** 20, `${sent}`);
  answers.PROPFIND = () => undefined;
  const stopped = new AbortController();
  setTimeout(() => stopped.abort(new Error('told to stop')), 100);
  await assert.rejects(store.list('', { limit: 10 }, stopped.signal), /told to stop/);
  await fails(store.list('', { limit: 10 }, AbortSignal.timeout(100)), 'connection_failed');
});
