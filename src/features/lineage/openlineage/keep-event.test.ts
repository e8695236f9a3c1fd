import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Problem } from '#kit/errors.ts';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import { cutOff } from '#platform/objects/testing/cut-off.ts';
import type { LineageCaller } from '../identity/identity.ts';
import { ObjectRunStore } from '../stores/objects/object-run-store.ts';
import { keepBatch } from './keep-event.ts';

const caller: LineageCaller = { subject: 'test', may: (_, { project }) => project !== 'secret' };
const clock = () => Date.parse('2026-01-02T03:04:06Z');

function event(name: string, namespace = 'acme/shop'): string {
  return JSON.stringify({
    eventTime: '2026-01-02T03:04:05Z',
    producer: 'https://example.org/p',
    schemaURL: 'https://example.org/s',
    run: { runId: '01941f29-7c00-7aaa-8bbb-0123456789ab' },
    job: { namespace, name },
  });
}

describe('a batch of events', () => {
  test('each is kept or refused for itself, and audited once', async () => {
    const store = new ObjectRunStore(new MemoryObjectStore(), 'strict');
    const audited: string[] = [];
    const texts = [event('a'), '{}', event('a'), event('x', 'acme/secret'), event('b')];
    const answer = await keepBatch({ clock, store }, { texts, caller, organization: 'o' }, ({ service }, outcome) =>
      audited.push(`${service} ${outcome}`),
    );
    assert.deepEqual(answer.summary, { received: 5, successful: 3, failed: 2, retriable: 0 });
    assert.equal(answer.status, 'partial_success');
    assert.deepEqual(
      answer.failed_events.map(({ index, reason, retriable }) => [index, reason.split(':')[0], retriable]),
      [
        [1, 'invalid_request', false],
        [3, 'forbidden', false],
      ],
    );
    assert.deepEqual(audited.toSorted(), [
      'a created',
      'a replayed',
      'b created',
      'undefined invalid_request',
      'x forbidden',
    ]);
  });

  test('what storage failed is retriable, and the same batch again finishes it', async () => {
    const objects = new MemoryObjectStore();
    const texts = Array.from({ length: 30 }, (_, i) => event(`job-${i}`));
    const batch = (store: ObjectRunStore) =>
      keepBatch({ clock, store }, { texts, caller, organization: 'o' }, () => undefined);
    const cut = await batch(new ObjectRunStore(cutOff(objects, 40, 'after'), 'strict'));
    assert.equal(cut.status, 'partial_success');
    assert.ok(cut.summary.failed > 0 && cut.summary.failed === cut.summary.retriable);
    assert.deepEqual(
      cut.failed_events.map(({ index }) => index),
      cut.failed_events.map(({ index }) => index).sort((a, b) => a - b),
    );
    const store = new ObjectRunStore(objects, 'strict');
    const again = await batch(store);
    assert.deepEqual(again, {
      status: 'success',
      summary: { received: 30, successful: 30, failed: 0, retriable: 0 },
      failed_events: [],
    });
    assert.equal((await Array.fromAsync(store.services())).length, 30);
  });

  test('nothing kept is an error; nothing sent is not', async () => {
    const deps = { clock, store: new ObjectRunStore(new MemoryObjectStore(), 'strict') };
    const by = { caller, organization: 'o' };
    assert.equal((await keepBatch(deps, { ...by, texts: ['1'] }, () => undefined)).status, 'error');
    assert.equal((await keepBatch(deps, { ...by, texts: [] }, () => undefined)).status, 'success');
  });

  test('what is no refusal fails the whole batch', async () => {
    const store = new ObjectRunStore(new MemoryObjectStore(), 'strict');
    store.put = () => Promise.reject(new TypeError('a defect'));
    await assert.rejects(
      keepBatch({ clock, store }, { texts: [event('a')], caller, organization: 'o' }, () => undefined),
      (error) => error instanceof TypeError && !(error instanceof Problem),
    );
  });
});
