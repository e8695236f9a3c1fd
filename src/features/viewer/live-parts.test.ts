import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventsOf } from './assets/event-stream.js';
import { invitationsIn } from './assets/follow-relay.js';
import { LiveParts } from './assets/live-parts.js';

const chunk = (index: number, state = 'unconfirmed', changes: Record<string, unknown> = {}) => ({
  name: 'chunk',
  id: '',
  data: JSON.stringify({
    chunk_index: index,
    sha256_hex: `hash ${index}`,
    byte_size: 10,
    started_at: '2026-01-02T03:00:00.000Z',
    ended_at: '2026-01-02T03:00:02.000Z',
    state,
    ...changes,
  }),
});
const state = (index: number, now: string) => ({
  name: 'state',
  id: '',
  data: JSON.stringify({ chunk_index: index, sha256_hex: `hash ${index}`, state: now }),
});
const told = (parts: LiveParts, nowMs = 0) =>
  parts.list(nowMs).map(({ chunk_index, state }) => `${chunk_index} ${state}`);

test('a part is what the relay said of it last', () => {
  const parts = new LiveParts();
  for (const event of [chunk(1), chunk(2), state(1, 'confirmed'), chunk(3), state(2, 'rejected')]) parts.take(event, 0);
  assert.deepEqual(told(parts), ['1 confirmed', '2 rejected', '3 unconfirmed']);
  assert.deepEqual(told(parts, 60_001), ['2 rejected', '3 unconfirmed'], 'the server has said it by then');
});

test('two uploads to one place are two parts', () => {
  const parts = new LiveParts();
  parts.take(chunk(1), 0);
  parts.take(chunk(1, 'unconfirmed', { sha256_hex: 'other' }), 0);
  parts.take(state(1, 'rejected'), 0);
  assert.deepEqual(told(parts), ['1 rejected', '1 unconfirmed']);
});

test('after a reset only what is said again is there, and what was withdrawn', () => {
  const parts = new LiveParts();
  for (const event of [chunk(1), chunk(2), state(2, 'failed'), { name: 'reset', id: '', data: '{}' }, chunk(3)])
    parts.take(event, 0);
  assert.deepEqual(told(parts), ['2 failed', '3 unconfirmed']);
});

test('what makes no sense is not shown, and a long time takes bounded room', () => {
  const parts = new LiveParts();
  parts.take(chunk(1, 'certain'), 0);
  parts.take(chunk(1, 'unconfirmed', { ended_at: 'later' }), 0);
  parts.take(chunk(1, 'unconfirmed', { byte_size: '<b>' }), 0);
  parts.take(state(9, 'confirmed'), 0);
  parts.take({ name: 'message', id: '', data: '' }, 0);
  assert.deepEqual(told(parts), []);
  for (let index = 0; index < 1_000; index++) parts.take(chunk(index), 0);
  assert.equal(parts.list(0).length, 200);
  assert.equal(parts.list(0).at(-1)?.chunk_index, 999);
});

test('events are read however they are cut', async () => {
  const text =
    'retry: 1000\n\n:\n\nid: e.1\nevent: chunk\ndata: {"a":\ndata: "ü"}\n\nid: e.2\r\n\r\nevent: end\rdata: {}\r\rdata: lost';
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 3, 7, bytes.length]) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size));
        controller.close();
      },
    });
    const events = [];
    for await (const { name, data, id } of eventsOf(body)) events.push(`${name} ${data} ${id}`);
    assert.deepEqual(
      events.filter((event) => !event.startsWith('message')),
      ['chunk {"a":\n"ü"} e.1', 'end {} e.2'],
      `${size} bytes at a time`,
    );
  }
});

test('who shares a link says after the # of which streams it also shows live parts', () => {
  const two = [
    { streamId: 'str_01', capability: 'A-_9' },
    { streamId: 'str_02', capability: 'b' },
  ];
  assert.deepEqual(invitationsIn('#live=str_01.A-_9,str_02.b'), two);
  for (const none of ['', '#', '#live=', '#live=str_01', '#live=inc_1.a', '#live=str_../../x.a', '#live=str_1.a b'])
    assert.deepEqual(invitationsIn(none), [], none);
});
