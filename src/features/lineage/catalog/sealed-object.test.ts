import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isProblem } from '#kit/errors.ts';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import { keepSealed, readSealed, seal } from './sealed-object.ts';

const at = '2026-01-02T03:04:05.678Z';
const bytesOf = (given: Uint8Array | string): Uint8Array<ArrayBuffer> =>
  typeof given === 'string' ? new TextEncoder().encode(given) : new Uint8Array(given);

describe('a sealed object', () => {
  test('any payload comes back byte for byte, also one that begins with or has line ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.uint8Array(), fc.constantFrom(bytesOf('\n'), bytesOf('\n{}\n'))),
        async (payload) => {
          const objects = new MemoryObjectStore();
          const sealed = await seal(bytesOf(payload), at);
          assert.equal((await keepSealed(objects, 'a/b', sealed)).outcome, 'created');
          assert.deepEqual(await readSealed(objects, 'a/b'), sealed);
        },
      ),
    );
  });

  test('the same content is a replay and keeps the first seal, other content a conflict', async () => {
    const objects = new MemoryObjectStore();
    const first = await seal(bytesOf('1'), at);
    await keepSealed(objects, 'a', first);
    const later = await keepSealed(objects, 'a', await seal(bytesOf('1'), '2027-01-01T00:00:00.000Z'));
    assert.deepEqual(later, { outcome: 'replayed', kept: first });
    assert.deepEqual(await keepSealed(objects, 'a', await seal(bytesOf('2'), at)), {
      outcome: 'conflict',
      kept: first,
    });
    const said = await keepSealed(objects, 'a', await seal(bytesOf('2'), at, first.seal.content_sha256));
    assert.equal(said.outcome, 'replayed', 'what was said counts, where it is not the payload');
  });

  test('a payload of which one bit changed, or that was cut or lengthened, is not served', async () => {
    const whole = new MemoryObjectStore();
    await keepSealed(whole, 'a', await seal(bytesOf('{"rules":[1,2,3]}'), at));
    const stored = (await whole.read('a'))?.bytes ?? new Uint8Array();
    const start = stored.indexOf(0x0a) + 1;
    const damaged = [stored.slice(0, -1), new Uint8Array([...stored, 0x20]), stored.slice(start), new Uint8Array()];
    for (let i = start; i < stored.length; i++) damaged.push(stored.map((byte, at) => (at === i ? byte ^ 1 : byte)));
    for (const bytes of damaged) {
      const objects = new MemoryObjectStore();
      await objects.create('a', bytes);
      await assert.rejects(readSealed(objects, 'a'), (error) => isProblem(error, 'evidence_corrupt'));
    }
  });
});
