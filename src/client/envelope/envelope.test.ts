import assert from 'node:assert/strict';
import { createDecipheriv } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromBase64Url, fromHex, toHex } from '#kit/bytes.ts';
import { mediaTypes } from '../media-type.ts';
import { associatedData, type ChunkBinding, parseAssociatedData } from './chunk-binding.ts';
import { readChunkHeader, writeChunkHeader } from './chunk-header.ts';
import { EnvelopeError, type EnvelopeErrorCode } from './envelope-error.ts';
import { type ChunkKey, createKey, parseKey, serialiseKey } from './key-file.ts';
import { decryptChunk, encryptChunk, sealWithNonce } from './seal-chunk.ts';

interface Vector {
  name: string;
  binding: ChunkBinding;
  nonce_hex: string;
  plaintext_hex: string;
  associated_data: string;
  file_hex: string;
}
const { key_file: keyFile, vectors } = JSON.parse(await readFile(new URL('vectors.json', import.meta.url), 'utf8')) as {
  key_file: unknown; // the file is ours, and its shape is what the tests below rely on
  vectors: Vector[];
};
const key = parseKey(JSON.stringify(keyFile));
const binding: ChunkBinding = { incidentId: 'inc_abc', streamId: 'str_def', mediaType: 'audio', chunkIndex: 1 };

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  const parsed = fromHex(hex);
  assert.ok(parsed);
  return parsed;
}

async function refusedAs(code: EnvelopeErrorCode, act: () => unknown): Promise<void> {
  await assert.rejects(
    async () => act(),
    (error: unknown) => {
      assert.ok(error instanceof EnvelopeError, String(error));
      assert.equal(error.code, code);
      return true;
    },
  );
}

test('the vectors seal and open to the same bytes for ever', async () => {
  assert.ok(vectors.length >= 3);
  for (const vector of vectors) {
    assert.equal(associatedData(vector.binding), vector.associated_data);
    const sealed = await sealWithNonce(key, vector.binding, bytes(vector.plaintext_hex), bytes(vector.nonce_hex));
    assert.equal(toHex(sealed), vector.file_hex, vector.name);
    assert.equal(toHex(await decryptChunk(key, vector.binding, bytes(vector.file_hex))), vector.plaintext_hex);
  }
});

test('another implementation of AES-GCM opens the vectors, reading the format by hand', () => {
  for (const vector of vectors) {
    const file = Buffer.from(vector.file_hex, 'hex');
    assert.equal(file.toString('latin1', 0, 7), 'SRCENC1');
    const length = file.readUInt32BE(7);
    const header = JSON.parse(file.toString('utf8', 11, 11 + length));
    assert.deepEqual(Object.keys(header), ['version', 'scheme', 'algorithm', 'key_id', 'nonce_b64', 'aad']);
    assert.equal(header.aad, vector.associated_data);
    const nonce = fromBase64Url(header.nonce_b64);
    assert.ok(nonce);
    const opener = createDecipheriv('aes-256-gcm', key.secret, nonce)
      .setAAD(Buffer.from(header.aad))
      .setAuthTag(file.subarray(-16));
    const plaintext = Buffer.concat([opener.update(file.subarray(11 + length, -16)), opener.final()]);
    assert.equal(plaintext.toString('hex'), vector.plaintext_hex);
  }
});

test('a magic that ends with a line feed, as some recorders write it, is read too', async () => {
  const vector = vectors[0];
  assert.ok(vector);
  const withLineFeed = bytes(`${vector.file_hex.slice(0, 14)}0a${vector.file_hex.slice(14)}`);
  assert.equal(toHex(await decryptChunk(key, vector.binding, withLineFeed)), vector.plaintext_hex);
});

const idArb = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);
const bindingArb = fc.record(
  {
    incidentId: idArb.map((id) => `inc_${id}`),
    streamId: idArb.map((id) => `str_${id}`),
    mediaType: fc.constantFrom(...mediaTypes),
    chunkIndex: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  },
  { noNullPrototype: true },
);
const plaintextArb = fc.uint8Array({ maxLength: 300 }).map((array) => new Uint8Array(array));

test('whatever is sealed opens again, and the header says where it belongs', async () => {
  await fc.assert(
    fc.asyncProperty(bindingArb, plaintextArb, async (where, plaintext) => {
      const own = createKey();
      const file = await encryptChunk(own, where, plaintext);
      assert.deepEqual(readChunkHeader(file).header.binding, where);
      assert.deepEqual(parseAssociatedData(associatedData(where)), where);
      assert.deepEqual(await decryptChunk(own, where, file), plaintext);
    }),
    { numRuns: 60 },
  );
});

test('no single flipped bit goes unnoticed', async () => {
  const file = await encryptChunk(key, binding, new TextEncoder().encode('what happened'));
  for (let bit = 0; bit < file.length * 8; bit++) {
    const changed = file.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    await assert.rejects(decryptChunk(key, binding, changed), EnvelopeError, `bit ${bit}`);
  }
});

test('a chunk cut anywhere is refused', async () => {
  const file = await encryptChunk(key, binding, new Uint8Array(40));
  for (let length = 0; length < file.length; length++)
    await assert.rejects(decryptChunk(key, binding, file.slice(0, length)), EnvelopeError);
});

test('a chunk is refused anywhere but in its own place, and told why', async () => {
  const file = await encryptChunk(key, binding, new Uint8Array(8));
  await refusedAs('other_incident', () => decryptChunk(key, { ...binding, incidentId: 'inc_other' }, file));
  await refusedAs('other_stream', () => decryptChunk(key, { ...binding, streamId: 'str_other' }, file));
  await refusedAs('other_media_type', () => decryptChunk(key, { ...binding, mediaType: 'video' }, file));
  await refusedAs('other_chunk_index', () => decryptChunk(key, { ...binding, chunkIndex: 2 }, file));
  await refusedAs('other_key', () => decryptChunk(createKey(), binding, file));
  const samename: ChunkKey = { keyId: key.keyId, secret: createKey().secret };
  await refusedAs('not_authentic', () => decryptChunk(samename, binding, file));
});

test('a header rewritten to name another place does not open there', async () => {
  const file = await encryptChunk(key, binding, new Uint8Array(8));
  const { header, ciphertext } = readChunkHeader(file);
  const elsewhere = { ...binding, chunkIndex: 2 };
  const forgedHeader = writeChunkHeader(header.keyId, header.nonce, elsewhere);
  await refusedAs('not_authentic', () =>
    decryptChunk(key, elsewhere, Uint8Array.from([...forgedHeader, ...ciphertext])),
  );
});

function fileWith(header: unknown, length?: number): Uint8Array<ArrayBuffer> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(length ?? json.length);
  return new Uint8Array(Buffer.concat([Buffer.from('SRCENC1'), size, json, Buffer.alloc(16)]));
}

test('each defect of a header has its own explanation', async () => {
  const good = {
    version: 1,
    scheme: 'safety-recorder-chunk-encryption-v1',
    algorithm: 'AES-256-GCM',
    key_id: key.keyId,
    nonce_b64: 'AAAAAAAAAAAAAAAA',
    aad: associatedData(binding),
  };
  const cases: [EnvelopeErrorCode, Uint8Array<ArrayBuffer>][] = [
    ['not_a_chunk_file', new TextEncoder().encode('PK not a chunk')],
    ['truncated', new TextEncoder().encode('SRCENC1')],
    ['header_too_large', fileWith(good, 16 * 1024 + 1)],
    ['truncated', fileWith(good, 16 * 1024)],
    ['invalid_header', fileWith('{')],
    ['invalid_header', fileWith([])],
    ['invalid_header', fileWith({ ...good, nonce_b64: undefined })],
    ['invalid_header', fileWith({ ...good, key_id: 'key' })],
    ['unknown_version', fileWith({ ...good, version: 2 })],
    ['unknown_scheme', fileWith({ ...good, scheme: 'x' })],
    ['unknown_algorithm', fileWith({ ...good, algorithm: 'AES-128-GCM' })],
    ['invalid_nonce', fileWith({ ...good, nonce_b64: 'AAAA' })],
    ['invalid_nonce', fileWith({ ...good, nonce_b64: 'AAAAAAAAAAAAAA==' })],
    ['invalid_associated_data', fileWith({ ...good, aad: good.aad.trimEnd() })],
    ['not_authentic', fileWith(good)],
  ];
  for (const [code, file] of cases) await refusedAs(code, () => decryptChunk(key, binding, file));
});

test('a binding that two places could share is refused', async () => {
  const broken = [{ incidentId: 'inc_a\nstream_id=x' }, { streamId: '' }, { chunkIndex: 0 }, { chunkIndex: 1.5 }];
  for (const part of broken)
    await refusedAs('invalid_binding', () => encryptChunk(key, { ...binding, ...part }, new Uint8Array()));
});

test('a key file is read back, and a wrong one is refused without repeating it', async () => {
  const own = createKey();
  assert.deepEqual(parseKey(serialiseKey(own)), own);
  const document = JSON.parse(serialiseKey(own));
  await refusedAs('unknown_version', () => parseKey(JSON.stringify({ ...document, version: 2 })));
  await refusedAs('unknown_scheme', () => parseKey(JSON.stringify({ ...document, scheme: 'other' })));
  await refusedAs('unknown_algorithm', () => parseKey(JSON.stringify({ ...document, algorithm: 'other' })));
  for (const broken of [
    serialiseKey(own).slice(0, -4),
    '{}',
    JSON.stringify({ ...document, key_b64: document.key_b64.slice(2) }),
  ]) {
    await assert.rejects(
      async () => parseKey(broken),
      (error: unknown) =>
        error instanceof EnvelopeError &&
        !error.message.includes(document.key_b64.slice(4, 20)) &&
        error.cause === undefined,
    );
  }
});
