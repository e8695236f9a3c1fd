import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FilledSlot, ReadSlots, slotBytes } from './read-slots.ts';

async function fill(slots: ReadSlots, mark: number): Promise<FilledSlot> {
  const slot = await slots.take();
  Buffer.from(slots.memory, slot * slotBytes, slotBytes).fill(mark);
  return slots.lend(slot, slotBytes);
}

const isLent = (slots: ReadSlots, { bytes }: FilledSlot) => bytes.buffer === slots.memory;

test('many who keep what they hold: some of it is lent, the rest copied, and there is a slot for the next', async () => {
  const slots = new ReadSlots();
  const held: FilledSlot[] = [];
  for (let i = 0; i < 200; i++) held.push(await fill(slots, i));
  for (const [i, { bytes }] of held.entries()) assert.ok(bytes.equals(Buffer.alloc(slotBytes, i)), `block ${i}`);
  const lent = held.filter((one) => isLent(slots, one));
  assert.ok(lent.length > 0 && lent.length * slotBytes < slots.memory.byteLength, `${lent.length} lent`);
  for (const { giveBack } of held) giveBack();
  const again: FilledSlot[] = [];
  for (const _ of lent) again.push(await fill(slots, 1));
  assert.ok(again.every((one) => isLent(slots, one)));
  assert.equal(new Set(again.map(({ bytes }) => bytes.byteOffset)).size, again.length, 'no slot is lent to two');
});

test('whoever waits for a slot gets the next that comes back, in order', async () => {
  const slots = new ReadSlots();
  const taken: number[] = [];
  for (let i = 0; i < slots.memory.byteLength / slotBytes; i++) taken.push(await slots.take());
  assert.equal(new Set(taken).size, taken.length);
  const waiting = [slots.take(), slots.take()];
  for (const slot of taken.slice(5, 7)) slots.give(slot);
  assert.deepEqual(await Promise.all(waiting), taken.slice(5, 7));
});
