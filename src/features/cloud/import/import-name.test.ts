import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentName } from '#features/documents/index.ts';
import { importName, numberedName } from './import-name.ts';

test('whatever a file is called elsewhere, here it has a name that is allowed', () => {
  const names = {
    'Miete März.pdf': 'Miete März.pdf',
    'a/b\\c\u0000d.txt': 'a_b_c_d.txt',
    '  spaces  ': 'spaces',
    '.': '_',
    '..': '_',
    ' ': '_',
    'line\nbreak': 'line_break',
    'Mu\u0308ll': 'Müll',
  };
  for (const [given, name] of Object.entries(names)) assert.equal(importName(given), name, given);
  for (const given of [...Object.keys(names), '😀'.repeat(300), `${'x'.repeat(400)}.pdf`, 'a\ud800b', '\u0000', '//'])
    for (const number of [1, 2, 99]) {
      const name = numberedName(importName(given), number);
      assert.equal(documentName(name), name, given);
    }
});

test('numbers come before the end that programs go by', () => {
  assert.equal(numberedName('a.txt', 1), 'a.txt');
  assert.equal(numberedName('a.txt', 2), 'a (2).txt');
  assert.equal(numberedName('.profile', 2), '.profile (2)');
  assert.equal(numberedName('a. b', 3), 'a. b (3)');
  assert.match(numberedName(importName(`${'x'.repeat(400)}.pdf`), 12), /^x{246} \(12\)\.pdf$/);
});
