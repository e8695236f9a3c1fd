import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { watchPace } from './body-pace.ts';

test('a body that comes too slowly is answered 408; one that keeps the pace, and one that the server holds back, are not', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const arrived = new Map<string, () => void>();
  const server = createServer((incoming, outgoing) => {
    watchPace(incoming, outgoing);
    if (incoming.url !== '/held') incoming.resume();
    incoming.on('end', () => outgoing.end('all here'));
    arrived.get(incoming.url ?? '')?.();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // listening on TCP
  const open = async (path: string, length: number, body: string) => {
    const here = new Promise<void>((resolve) => arrived.set(path, resolve));
    const socket = connect(port, '127.0.0.1');
    const answer = { text: '', closed: once(socket, 'close') };
    socket.on('data', (part) => {
      answer.text += part.toString();
    });
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
    await here;
    // Apart from the head: what comes in one piece with it counts as there before.
    socket.write(body);
    return { socket, answer };
  };
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const slow = await open('/slow', 1_000_000, 'x'.repeat(100));
  const held = await open('/held', 1_000_000, 'x'.repeat(100));
  const quick = await open('/quick', 1_000_000, 'x'.repeat(50_000));
  // What was written has to pass the socket before the clock is turned.
  await new Promise((resolve) => setTimeout(resolve, 100));

  t.mock.timers.tick(19_000);
  assert.equal(slow.answer.text, '', 'within the grace nobody is hurried');
  t.mock.timers.tick(4_000);
  await slow.answer.closed;
  assert.match(slow.answer.text, /^HTTP\/1\.1 408 /);
  assert.match(slow.answer.text, /"code":"request_timeout"/);
  assert.equal(quick.answer.text + held.answer.text, '');

  quick.socket.write('x'.repeat(950_000));
  while (!quick.answer.text.includes('all here')) await once(quick.socket, 'data');
  for (const { socket } of [held, quick]) socket.destroy();
});
