import { fromBase64Url, toBase64Url } from '#kit/bytes.ts';
import { object, read, text, whole } from '../shape.ts';
import { associatedData, type ChunkBinding, parseAssociatedData } from './chunk-binding.ts';
import { EnvelopeError } from './envelope-error.ts';
import { algorithm, envelopeVersion, keyIdPattern, maxHeaderBytes, nonceBytes, scheme, tagBytes } from './scheme.ts';

const magic = new TextEncoder().encode('SRCENC1');
/** Some recorders end the magic with a line feed. The length's first byte is always 0, so the two cannot be confused. */
const lineFeed = 0x0a;

export interface ChunkHeader {
  readonly keyId: string;
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly binding: ChunkBinding;
  /** The text that is authenticated, as it stands in the header. */
  readonly associatedData: string;
}

const headerShape = object({
  version: whole(0),
  scheme: text,
  algorithm: text,
  key_id: text,
  nonce_b64: text,
  aad: text,
});

/** Everything before the ciphertext: magic, length, JSON. */
export function writeChunkHeader(keyId: string, nonce: Uint8Array, binding: ChunkBinding): Uint8Array<ArrayBuffer> {
  const json = JSON.stringify({
    version: envelopeVersion,
    scheme,
    algorithm,
    key_id: keyId,
    nonce_b64: toBase64Url(nonce),
    aad: associatedData(binding),
  });
  const header = new TextEncoder().encode(json);
  if (header.length > maxHeaderBytes)
    throw new EnvelopeError('header_too_large', 'The ids are too long for a chunk header.');
  const out = new Uint8Array(magic.length + 4 + header.length);
  out.set(magic);
  new DataView(out.buffer).setUint32(magic.length, header.length);
  out.set(header, magic.length + 4);
  return out;
}

/**
 * Reads the header of a chunk file and the rest, the ciphertext with its tag. Nothing here is authenticated yet: only
 * opening the chunk proves it. Throws EnvelopeError.
 */
export function readChunkHeader(file: Uint8Array<ArrayBuffer>): {
  header: ChunkHeader;
  ciphertext: Uint8Array<ArrayBuffer>;
} {
  if (!magic.every((byte, position) => file[position] === byte)) {
    throw new EnvelopeError('not_a_chunk_file', 'The file does not begin as an encrypted chunk does.');
  }
  const lengthAt = file[magic.length] === lineFeed ? magic.length + 1 : magic.length;
  if (file.length < lengthAt + 4) throw new EnvelopeError('truncated', 'The chunk file ends inside its header.');
  const length = new DataView(file.buffer, file.byteOffset, file.byteLength).getUint32(lengthAt);
  if (length > maxHeaderBytes) throw new EnvelopeError('header_too_large', 'The chunk header is longer than 16 KiB.');
  const ciphertextAt = lengthAt + 4 + length;
  if (file.length < ciphertextAt + tagBytes)
    throw new EnvelopeError('truncated', 'The chunk file ends before its ciphertext does.');
  return { header: parseHeader(file.subarray(lengthAt + 4, ciphertextAt)), ciphertext: file.subarray(ciphertextAt) };
}

function parseHeader(bytes: Uint8Array): ChunkHeader {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new EnvelopeError('invalid_header', 'The chunk header is not UTF-8 JSON.', { cause });
  }
  const result = read(headerShape, json);
  if ('problems' in result)
    throw new EnvelopeError('invalid_header', `The chunk header is not valid: ${result.problems.join('; ')}.`);
  const header = result.value;
  if (header.version !== envelopeVersion)
    throw new EnvelopeError('unknown_version', 'The chunk is of a version this program does not know.');
  if (header.scheme !== scheme) throw new EnvelopeError('unknown_scheme', 'The chunk uses another encryption scheme.');
  if (header.algorithm !== algorithm) throw new EnvelopeError('unknown_algorithm', 'The chunk uses another algorithm.');
  if (!keyIdPattern.test(header.key_id))
    throw new EnvelopeError('invalid_header', 'The chunk header names no valid key.');
  const nonce = fromBase64Url(header.nonce_b64);
  if (nonce?.length !== nonceBytes) throw new EnvelopeError('invalid_nonce', 'The nonce of the chunk is not 12 bytes.');
  const binding = parseAssociatedData(header.aad);
  if (!binding)
    throw new EnvelopeError('invalid_associated_data', 'The chunk header does not say where the chunk belongs.');
  return { keyId: header.key_id, nonce, binding, associatedData: header.aad };
}
