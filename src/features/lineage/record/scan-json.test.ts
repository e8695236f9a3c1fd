import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isProblem } from '#kit/errors.ts';
import { assertJson, scanJsonArray, scanJsonObject, withoutBlanks } from './scan-json.ts';

const scan = (text: string) => scanJsonObject(new TextEncoder().encode(text));
const refused = (error: unknown) => isProblem(error, 'invalid_json');
const blanks = fc.stringMatching(/^[ \t\n\r]{0,3}$/);

describe('scanning JSON', () => {
  test('whatever JSON.stringify writes is read, member by member as it was written', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 6 })),
        fc.constantFrom(undefined, 1, '\t'),
        (value, indent) => {
          const text = JSON.stringify(value, undefined, indent);
          const { members } = scan(text);
          assert.deepEqual([...members.keys()].sort(), Object.keys(value).sort());
          for (const [name, raw] of members) {
            assert.ok(text.includes(raw));
            assert.deepEqual(JSON.parse(raw), JSON.parse(JSON.stringify(value[name])));
          }
        },
      ),
    );
  });

  test('what JSON.parse refuses is refused, and what it takes is taken unless a key stands twice or it is no object', () => {
    const pieces = fc.array(
      fc.constantFrom(
        ...[
          '{',
          '}',
          '[',
          ']',
          ',',
          ':',
          '"a"',
          '"b"',
          '"\\u0061"',
          '"\\x"',
          '"\n"',
          '1',
          '-0',
          '01',
          '1.',
          '.5',
          '1e5',
          '1e',
          '+1',
          'true',
          'nul',
          'null',
          ' ',
          '\\',
          '"',
          '\u00a0',
          '//',
          'NaN',
        ],
      ),
      { maxLength: 14 },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = `{${parts.join('')}}`;
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          assert.throws(() => scan(text), refused, text);
          return;
        }
        let found: ReadonlyMap<string, string>;
        try {
          found = scan(text).members;
        } catch (error) {
          assert.ok(refused(error));
          // The one thing that it refuses and JSON.parse does not.
          assert.match(String(error), /twice/, text);
          return;
        }
        assert.deepEqual(Object.fromEntries([...found].map(([name, raw]) => [name, JSON.parse(raw)])), parsed);
      }),
      { numRuns: 3000 },
    );
  });

  test('blanks between tokens are all that withoutBlanks takes away', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        assert.equal(withoutBlanks(JSON.stringify(value, undefined, '\t \n'.slice(0, 2))), JSON.stringify(value));
      }),
    );
    fc.assert(
      fc.property(blanks, blanks, blanks, (a, b, c) => {
        assert.equal(withoutBlanks(`${a}{"a b"${b}:${c}1.0}${a}`), '{"a b":1.0}');
      }),
    );
    for (const long of ['x'.repeat(10_000_000), '\\" '.repeat(2_000_000), '\\\\'.repeat(2_000_000)])
      assert.ok(withoutBlanks(`[ "${long}" ]`) === `["${long}"]`);
  });

  for (const [what, text] of [
    ['a second value', '{} {}'],
    ['a comma behind the last', '{"a":1,}'],
    ['a list', '[]'],
    ['text', '"a"'],
    ['nothing', ''],
    ['a key twice', '{"a":1,"a":1}'],
    ['a key twice, once escaped', '{"a":1,"\\u0061":1}'],
    ['a key twice, deep inside', '{"a":[{"b":{"c":1,"c":2}}]}'],
    ['a raw NUL in text', '{"a":"\0"}'],
    ['NUL between tokens', '{"a":\0 1}'],
    ['a number that goes on', '{"a":1.2.3}'],
    ['a leading zero', '{"a":01}'],
    ['65 levels', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`],
    ['a hundred thousand brackets', `{"a":${'['.repeat(100_000)}`],
    ['text that never ends', '{"a":"'],
    ['an escape at the end', '{"a":"\\'],
  ] as const)
    test(`${what}: refused`, () => assert.throws(() => scan(text), refused));

  test('64 levels, numbers beyond a double and half of a surrogate pair are kept as they are', () => {
    scan(`${'{"a":'.repeat(64)}1${'}'.repeat(64)}`);
    const { members } = scan('{"n":123456789012345678901234567890.10,"e":1e400,"s":"\\ud800"}');
    assert.deepEqual([...members.values()], ['123456789012345678901234567890.10', '1e400', '"\\ud800"']);
  });

  test('bytes that are no UTF-8, and a byte order mark, are refused', () => {
    for (const bytes of [
      [0x7b, 0x22, 0xff, 0x22],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xef, 0xbb, 0xbf, 0x7b, 0x7d],
    ])
      assert.throws(() => scanJsonObject(new Uint8Array(bytes)), refused);
  });

  test('the elements of an array come as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.jsonValue({ maxDepth: 4 }), blanks, blanks)), blanks, (elements, around) => {
        const raws = elements.map(([value]) => JSON.stringify(value));
        const text = `${around}[${elements.map(([, before, after], i) => before + raws[i] + after).join(',')}]${around}`;
        assert.deepEqual(scanJsonArray(new TextEncoder().encode(text)), raws);
      }),
    );
    for (const text of ['', '{}', '[1', '[1,]', '[1] 2', '[{"a":1,"a":2}]', `${'['.repeat(65)}${']'.repeat(65)}`])
      assert.throws(() => scanJsonArray(new TextEncoder().encode(text)), refused, text);
  });

  test('any one value is JSON, and nothing that two readers may understand differently', () => {
    const take = (text: string) => assertJson(new TextEncoder().encode(text));
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), blanks, (value, around) =>
        take(around + JSON.stringify(value) + around),
      ),
    );
    for (const text of ['0', ' "a" ', 'null', '[]', `${'['.repeat(64)}${']'.repeat(64)}`]) take(text);
    for (const text of [
      '',
      ' ',
      '1 2',
      '\ufeff1',
      '[{"a":1,"\\u0061":2}]',
      'nul',
      `${'['.repeat(65)}${']'.repeat(65)}`,
    ])
      assert.throws(() => take(text), refused, text);
  });

  test('an object that is to stand inside of others may be so much less deep', () => {
    const nested = (depth: number) => new TextEncoder().encode(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
    scanJsonObject(nested(64));
    scanJsonObject(nested(63), 2);
    assert.throws(() => scanJsonObject(nested(64), 2), refused);
  });
});
