import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRemoteName } from '../remote/remote-path.ts';
import { MirrorNames, mirrorName } from './mirror-name.ts';

test('a name that no store takes for something else', () => {
  const names = {
    'Miete März.pdf': 'Miete März.pdf',
    'What? <now>: "a|b*".txt': 'What_ _now__ _a_b__.txt',
    'ends. . ': 'ends____',
    'CON.txt': '_CON.txt',
    nul: '_nul',
    'console.txt': 'console.txt',
    '.htaccess': '_.htaccess',
    'film.part': '_film.part',
  };
  for (const [name, safe] of Object.entries(names)) assert.equal(mirrorName(name), safe, name);
  for (const name of [...Object.keys(names), '😀'.repeat(255), `${'ü'.repeat(250)}.pdf`]) {
    assert.ok(isRemoteName(mirrorName(name)), name);
    assert.ok(Buffer.byteLength(mirrorName(name)) <= 201, name);
  }
  assert.match(mirrorName(`${'ü'.repeat(250)}.pdf`), /^ü{98}\.pdf$/);
});

test('two names that become one stay two, and the first keeps its own', () => {
  const names = new MirrorNames();
  const of = (name: string, i: number) => names.of({ id: `doc_0000000000000000000000000${i}`, name });
  assert.equal(of('a?.txt', 1), 'a_.txt');
  assert.equal(of('a*.txt', 2), 'a_ ~00000002.txt');
  assert.equal(of('A_.TXT', 3), 'A_ ~00000003.TXT');
  assert.equal(of('b', 4), 'b');
});
