import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wantedRange } from './byte-range.ts';

const size = fc.integer({ min: 0, max: 1_000 });
const position = fc.integer({ min: 0, max: 1_200 });

test('first-last, first- and -last mean what the RFC says of them', () => {
  fc.assert(
    fc.property(size, position, position, (byteSize, first, last) => {
      const bytes = Array.from({ length: byteSize }, (_, n) => n);
      const got = (header: string) => {
        const wanted = wantedRange(header, byteSize);
        if (typeof wanted === 'string') return wanted;
        assert.ok(wanted.start <= wanted.end && wanted.end < byteSize);
        return bytes.slice(wanted.start, wanted.end + 1);
      };
      const open = first < byteSize ? bytes.slice(first) : 'unsatisfiable';
      assert.deepEqual(got(`bytes=${first}-`), open);
      const closed = last < first ? 'whole' : first < byteSize ? bytes.slice(first, last + 1) : 'unsatisfiable';
      assert.deepEqual(got(`bytes=${first}-${last}`), closed);
      const suffix = last === 0 ? 'unsatisfiable' : byteSize === 0 ? 'whole' : bytes.slice(-last);
      assert.deepEqual(got(`bytes=-${last}`), suffix);
    }),
  );
});

test('several ranges, other units and rubbish are answered by the whole', () => {
  for (const header of [
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=0-1,3-4',
    'lines=0-1',
    'bytes 0-1',
    'bytes=a-b',
    'bytes=0-1;x',
    '0-1',
  ])
    assert.equal(wantedRange(header, 10), 'whole', header);
  assert.deepEqual(wantedRange('BYTES= 2-3 ', 10), { start: 2, end: 3 });
  assert.deepEqual(wantedRange(`bytes=0-${'9'.repeat(400)}`, 10), { start: 0, end: 9 });
  assert.equal(wantedRange(`bytes=${'9'.repeat(400)}-`, 10), 'unsatisfiable');
  fc.assert(
    fc.property(fc.string(), size, (text, byteSize) => {
      const wanted = wantedRange(text, byteSize);
      assert.ok(typeof wanted === 'string' || (wanted.start <= wanted.end && wanted.end < byteSize));
    }),
  );
});
