import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf } from './text-of.ts';

const read = async (bytes: Buffer, whole = true) =>
  (await textOf(bytes, { kind: 'text', mediaType: 'text/plain', whole, maxCharacters: 1_000_000 })).body;

const long = 'Größe '.repeat(20_000);

test('bent bytes in a long text cost only themselves', async () => {
  const bent = Buffer.concat([Buffer.from(long), Buffer.from([0xff, 0]), Buffer.from('Ende')]);
  const said = await read(bent);
  assert.ok(said.startsWith('Größe Größe'));
  assert.ok(said.endsWith('\ufffd Ende'), said.slice(-10));
});

test('a text in an old encoding may show it late', async () => {
  const plain = 'size '.repeat(20_000);
  assert.equal(await read(Buffer.from(`${plain}Größe`, 'latin1')), `${plain}Größe`);
});

test('a text that was cut ends with a whole character', async () => {
  const cut = Buffer.from('漢字').subarray(0, 5);
  assert.equal(await read(cut, false), '漢');
});

test('the index gets words without case or accents', async () => {
  const { words } = await textOf(Buffer.from('Größe, Café!'), {
    ...{ kind: 'text', mediaType: 'text/plain', whole: true, maxCharacters: 100 },
  });
  assert.equal(words, 'grosse cafe');
});
