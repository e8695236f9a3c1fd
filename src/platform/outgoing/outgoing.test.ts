/** Where requests may go: real sockets, a resolver beside the real one, and a listener on this machine that must not hear a thing. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { parseAllowedHosts } from './allowed-hosts.ts';
import { guardedAgents } from './guarded-agents.ts';
import { OutgoingFailure, type OutgoingReason } from './outgoing-failure.ts';
import { OutgoingGate, type Resolve } from './outgoing-gate.ts';
import { dropAnswer, readAnswer, sendOutgoing } from './outgoing-request.ts';

let heard = 0;
const victim = createServer((socket) => {
  heard += 1;
  socket.destroy();
});
let port = 0;
/** Answers as `answer` says, and remembers what it was asked. */
let answer: http.RequestListener = (_, response) => response.end('hello');
const asked: http.IncomingMessage[] = [];
const server = http.createServer((request, response) => {
  asked.push(request);
  answer(request, response);
});
let origin = '';
before(async () => {
  // Both families, so that whatever is resolved to this machine would be heard.
  victim.listen(0, '::');
  server.listen(0, '127.0.0.1');
  await Promise.all([once(victim, 'listening'), once(server, 'listening')]);
  port = (victim.address() as AddressInfo).port; // it listens on a port
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  heard = 0;
  asked.length = 0;
});
after(() => {
  victim.close();
  server.close();
});

function gateway(allow = '', resolve?: Resolve) {
  const allowed = parseAllowedHosts(allow);
  if (allowed === undefined) throw new Error('not allowed hosts');
  return guardedAgents(new OutgoingGate(allowed, resolve));
}

interface Wish {
  allow?: string;
  resolve?: Resolve;
  method?: string;
  authorization?: string;
}

async function ask(url: string, { allow = '', resolve, method = 'GET', authorization }: Wish = {}) {
  const agents = gateway(allow, resolve);
  try {
    const answered = await sendOutgoing(agents, {
      method,
      url: new URL(url),
      signal: AbortSignal.timeout(10_000),
      ...(authorization === undefined ? {} : { authorization }),
    });
    return { status: answered.status, text: (await readAnswer(answered, 1_000)).toString() };
  } finally {
    agents.destroy();
  }
}

const fails = (work: Promise<unknown>, reason: OutgoingReason, what?: string) =>
  assert.rejects(
    work,
    (error) => {
      assert.ok(error instanceof OutgoingFailure, String(error));
      assert.equal(error.reason, reason, what);
      return true;
    },
    what,
  );

test('no spelling of an address of this machine or network gets a connection', async () => {
  const hosts = [
    ...['127.0.0.1', '2130706433', '0x7f000001', '0177.0.0.1', '127.1', '0x7f.0.0.1', '017700000001', '0', '0.0.0.0'],
    ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[0:0:0:0:0:ffff:7f00:0001]'],
    ...['[64:ff9b::7f00:1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::1]', '[2001::1]', '[fe80::1]', '[fec0::1]'],
    ...['localhost', 'LOCALHOST', '169.254.169.254', '10.0.0.1', '100.64.0.1', '192.168.0.1', '224.0.0.1'],
    ...['１２７.０.０.１', '127。0。0。1'],
  ];
  for (const scheme of ['http', 'https'])
    for (const host of hosts) await fails(ask(`${scheme}://${host}:${port}/`), 'address_refused', `${scheme} ${host}`);
  assert.equal(heard, 0);
});

test('what the resolver takes for an address in another spelling is judged by what it resolves to', async () => {
  // URLs write these out; a host that comes another way may not.
  for (const host of ['2130706433', '0x7f.1', '0177.1']) {
    const agents = gateway();
    const request = http.request({ host, port, agent: agents.http });
    const [error] = await once(request, 'error');
    assert.ok(error instanceof OutgoingFailure, `${host}: ${error}`);
    agents.destroy();
  }
  assert.equal(heard, 0);
});

test('a name that changes its address between two questions: only what was judged is connected to', async () => {
  let questions = 0;
  const rebinding: Resolve = async () => {
    questions += 1;
    return [{ address: questions === 1 ? '93.184.215.14' : '127.0.0.1', family: 4 }];
  };
  const agents = gateway('', rebinding);
  const gone = AbortSignal.timeout(300);
  await assert.rejects(
    sendOutgoing(agents, { method: 'GET', url: new URL(`https://rebind.example:${port}/`), signal: gone }),
  );
  assert.equal(questions, 1, 'one question a connection');
  await fails(
    sendOutgoing(agents, {
      method: 'GET',
      url: new URL(`https://rebind.example:${port}/`),
      signal: AbortSignal.timeout(5_000),
    }),
    'address_refused',
  );
  agents.destroy();
  assert.equal(heard, 0);
});

test('a name with a good address and a bad one is refused as a whole', async () => {
  const both: Resolve = async () => [
    { address: '93.184.215.14', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ];
  for (const scheme of ['http', 'https'])
    await fails(ask(`${scheme}://both.example:${port}/`, { resolve: both }), 'address_refused');
  await fails(ask('https://none.example/', { resolve: async () => [] }), 'unknown_host');
  assert.equal(heard, 0);
});

test('a name that is allowed may lie inside, but is no way to metadata', async () => {
  const to =
    (address: string): Resolve =>
    async () => [{ address, family: address.includes(':') ? 6 : 4 }];
  const inside = await ask(origin.replace('127.0.0.1', 'nas.example'), {
    allow: 'nas.example',
    resolve: to('127.0.0.1'),
  });
  assert.equal(inside.text, 'hello');
  for (const address of ['169.254.169.254', '0.0.0.0', '::', '::ffff:127.0.0.1', 'fe80::1', '224.0.0.1'])
    await fails(
      ask(`http://nas.example:${port}/`, { allow: 'nas.example', resolve: to(address) }),
      'address_refused',
      address,
    );
  await fails(
    ask(`http://other.example:${port}/`, { allow: 'nas.example', resolve: to('127.0.0.1') }),
    'address_refused',
  );
  assert.equal(heard, 0);
});

test('plain http only to whom the operator allowed', async () => {
  const resolve: Resolve = async () => [{ address: '93.184.215.14', family: 4 }];
  await fails(ask('http://cloud.example/', { resolve }), 'insecure');
  assert.equal((await ask(origin, { allow: '127.0.0.0/8' })).text, 'hello');
});

test('a redirect is judged like the first address', async () => {
  const bad = [
    `http://169.254.169.254/latest/meta-data/`,
    `http://[::1]:${port}/`,
    `http://localhost:${port}/`,
    `//2130706433:${port}/`,
  ];
  for (const location of bad) {
    answer = (_, response) => response.writeHead(302, { Location: location }).end();
    // The server itself is allowed, nothing else on this machine.
    const to = origin.replace('127.0.0.1', 'nas.example');
    const resolve: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    await fails(ask(to, { allow: 'nas.example', resolve }), 'address_refused', location);
  }
  for (const location of ['file:///etc/passwd', 'ftp://nas.example/', 'http://user:secret@nas.example/', 'http://[']) {
    answer = (_, response) => response.writeHead(302, { Location: location }).end();
    await fails(ask(origin, { allow: '127.0.0.1' }), 'bad_answer', location);
  }
  answer = (_, response) => response.writeHead(302, { Location: '/again' }).end();
  await fails(ask(origin, { allow: '127.0.0.1' }), 'too_many_redirects');
  assert.equal(heard, 0);
});

test('credentials go to their own origin alone', async () => {
  answer = (request, response) =>
    request.url === '/'
      ? response.writeHead(307, { Location: `${origin.replace('127.0.0.1', 'localhost')}/there` }).end()
      : response.end('there');
  const away = await ask(origin, { allow: '127.0.0.1, localhost', authorization: 'Basic canary' });
  assert.equal(away.text, 'there');
  assert.deepEqual(
    asked.map(({ headers }) => headers.authorization),
    ['Basic canary', undefined],
  );
  asked.length = 0;
  answer = (request, response) =>
    request.url === '/' ? response.writeHead(307, { Location: '/there' }).end() : response.end('there');
  await ask(origin, { allow: '127.0.0.1', authorization: 'Basic canary' });
  assert.deepEqual(
    asked.map(({ headers }) => headers.authorization),
    ['Basic canary', 'Basic canary'],
  );
});

test('what changes something does not follow', async () => {
  answer = (_, response) => response.writeHead(307, { Location: '/there' }).end();
  assert.equal((await ask(origin, { allow: '127.0.0.1', method: 'PUT' })).status, 307);
  assert.equal(asked.length, 1);
});

test('a proxy of the environment is not asked', async () => {
  answer = (_, response) => response.end('direct');
  const before = { ...process.env };
  for (const name of ['http_proxy', 'HTTP_PROXY', 'ALL_PROXY']) process.env[name] = `http://127.0.0.1:${port}`;
  process.env.NODE_USE_ENV_PROXY = '1';
  try {
    assert.equal((await ask(origin, { allow: '127.0.0.1' })).text, 'direct');
    assert.equal(heard, 0);
  } finally {
    process.env = before;
  }
});

test('an answer that is too long, or cut short, is none', async () => {
  answer = (_, response) => response.end('x'.repeat(2_000));
  await fails(ask(origin, { allow: '127.0.0.1' }), 'too_large');
  answer = (_, response) => {
    response.writeHead(200, { 'Content-Length': 100 });
    response.write('some');
    setTimeout(() => response.destroy(), 50);
  };
  await fails(ask(origin, { allow: '127.0.0.1' }), 'no_answer');
  answer = (request) => request.socket.destroy();
  await fails(ask(origin, { allow: '127.0.0.1' }), 'no_answer');
});

test('a body is streamed with its length; what it is refused for is told', async () => {
  const got: Buffer[] = [];
  answer = (request, response) => {
    request.on('data', (bytes: Buffer) => got.push(bytes)).on('end', () => response.writeHead(201).end());
  };
  const agents = gateway('127.0.0.1');
  const send = async (bytes: Readable, byteSize: number) =>
    await sendOutgoing(agents, {
      method: 'PUT',
      url: new URL(origin),
      body: { bytes, byteSize },
      signal: AbortSignal.timeout(5_000),
    });
  const sent = await send(Readable.from([Buffer.from('some '), Buffer.from('bytes')]), 10);
  await dropAnswer(sent);
  assert.deepEqual([sent.status, Buffer.concat(got).toString()], [201, 'some bytes']);
  answer = (_, response) => response.writeHead(507).end();
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(65_536));
    },
  });
  const refused = await send(endless, 2 ** 40);
  await dropAnswer(refused);
  assert.equal(refused.status, 507);
  endless.destroy();
  agents.destroy();
});
