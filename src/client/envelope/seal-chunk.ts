import type { ChunkBinding } from './chunk-binding.ts';
import { associatedData, requireSameBinding } from './chunk-binding.ts';
import { readChunkHeader, writeChunkHeader } from './chunk-header.ts';
import { EnvelopeError } from './envelope-error.ts';
import type { ChunkKey } from './key-file.ts';
import { nonceBytes } from './scheme.ts';

/** Encrypts one chunk for one place. `plaintext` in bytes; returns the whole chunk file. Throws EnvelopeError `invalid_binding`. */
export function encryptChunk(
  key: ChunkKey,
  binding: ChunkBinding,
  plaintext: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return sealWithNonce(key, binding, plaintext, crypto.getRandomValues(new Uint8Array(nonceBytes)));
}

/** For test vectors only, and not exported by the library: a nonce used twice with one key gives both plaintexts away. */
export async function sealWithNonce(
  key: ChunkKey,
  binding: ChunkBinding,
  plaintext: Uint8Array<ArrayBuffer>,
  nonce: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const header = writeChunkHeader(key.keyId, nonce, binding);
  const additionalData = new TextEncoder().encode(associatedData(binding));
  const imported = await crypto.subtle.importKey('raw', key.secret, 'AES-GCM', false, ['encrypt']);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData }, imported, plaintext);
  const file = new Uint8Array(header.length + sealed.byteLength);
  file.set(header);
  file.set(new Uint8Array(sealed), header.length);
  return file;
}

/**
 * Opens one chunk file that is expected at `expected`, and returns the plaintext. Throws EnvelopeError: a code of its own
 * for another incident, stream, media type, index or key, and `not_authentic` when the bytes were changed.
 */
export async function decryptChunk(
  key: ChunkKey,
  expected: ChunkBinding,
  file: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { header, ciphertext } = readChunkHeader(file);
  requireSameBinding(header.binding, expected);
  if (header.keyId !== key.keyId) {
    throw new EnvelopeError(
      'other_key',
      `The chunk was sealed with key ${header.keyId}; the given key is ${key.keyId}.`,
    );
  }
  const imported = await crypto.subtle.importKey('raw', key.secret, 'AES-GCM', false, ['decrypt']);
  // The associated data is made from what the caller expects, never taken from the file.
  const additionalData = new TextEncoder().encode(associatedData(expected));
  try {
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv: header.nonce, additionalData }, imported, ciphertext),
    );
  } catch (cause) {
    throw new EnvelopeError(
      'not_authentic',
      'The chunk was changed after it was sealed, or the key is not the one it was sealed with.',
      { cause },
    );
  }
}
